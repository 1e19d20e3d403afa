package redact

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string][]string{
		"10.0.0.1":                             {"10.0.0.1"},
		"at 10.0.0.1:80, 10.0.0.2.":            {"10.0.0.1", "10.0.0.2"},
		"10.0.0.1-10.0.0.9":                    {"10.0.0.1", "10.0.0.9"},
		"10.0.0.0/8 [2001:db8::1]:443":         {"10.0.0.0", "2001:db8::1"},
		"fe80::1%eth0 fe80::":                  {"fe80::1", "fe80::"},
		"::ffff:10.1.2.3":                      {"::ffff:10.1.2.3"},
		"52:54:00:12:34:56":                    {"52:54:00:12:34:56"},
		"52-54-00-12-34-56 up":                 {"52-54-00-12-34-56"},
		"v1.2.3.4 std::vector 1.2.3":           nil,
		"2026-11-29T12:34:56":                  nil,
		"300.1.1.1 1.2.3.4.5":                  nil,
		"60.12.2":                              nil,
		"a1b2c3d4-0011-2233-4455-0123456789ab": nil,
	} {
		var got []string
		addresses(text, func(from, to int) { got = append(got, text[from:to]) })
		assert.Equal(t, want, got, text)
	}
}

func TestCutCommand(t *testing.T) {
	for text, want := range map[string]command{
		"001234 /usr/bin/foo -x y": {"001234 ", "/usr/bin/foo", "foo", "-x y"},
		"000002 (kthreadd)":        {"000002 ", "kthreadd", "kthreadd", ""},
		"7 [kworker/0:1]":          {"7 ", "kworker/0:1", "kworker/0:1", ""},
		"-bash":                    {"", "-bash", "bash", ""},
		"sshd: alice [priv]":       {"", "sshd:", "sshd", "alice [priv]"},
		"1234":                     {"", "1234", "1234", ""},
		"/":                        {"", "/", "/", ""},
		"":                         {},
	} {
		assert.Equal(t, want, cutCommand(text, true), text)
	}
}

func testIndex(t testing.TB, originals map[string]Kind) (*replacer, *index) {
	t.Helper()
	rules, err := LoadRules()
	require.NoError(t, err)
	s := &secrets{rules: rules, kinds: map[string]Kind{}}
	for text, kind := range originals {
		s.learn(kind, text, false)
	}
	x := s.index(map[string]bool{"nginx.requests": true})
	return newReplacer(rules, x, []byte("0123456789abcdef")), x
}

// TestPlaces checks where an original is replaced: short ones only as words, common words
// and parts of metric names only where a rule finds them.
func TestPlaces(t *testing.T) {
	r, _ := testIndex(t, map[string]Kind{"eve": KindUser, "trudy": KindUser, "root": KindUser, "nginx": KindProcess, "10.0.0.1": KindAddress, "a.corp.test": KindHost, "user": KindUser})
	plain := role{kind: KindNone}
	for text, same := range map[string]bool{
		"eve": false, "never": true, "by eve.": false, "trudys": false, "root": true, "the nginx": true, "10.0.0.1": false,
		"110.0.0.1x": true, "10.0.0.15x": true, "b.corp.test": false, "user": true,
	} {
		assert.Equal(t, same, r.text(plain, text) == text, "%s -> %s", text, r.text(plain, text))
	}
	for _, text := range []string{"root", "user"} {
		assert.True(t, strings.HasPrefix(r.text(role{kind: KindUser}, text), "user-"))
	}
	assert.Equal(t, r.text(role{kind: KindHost}, "b.corp.test:9100"), r.text(plain, "b.corp.test")+":9100", "a new host of a known domain")
}

// TestKeptAddresses checks which addresses name nobody.
func TestKeptAddresses(t *testing.T) {
	rules, err := LoadRules()
	require.NoError(t, err)
	for address, keeps := range map[string]bool{
		"00:00:00:00:00:00": true, "ff:ff:ff:ff:ff:ff": true, "fe:fe:fe:fe:fe:fe": false, "00:00:00:00:00:01": false,
		"127.0.0.1": true, "0.0.0.0": true, "::1": true, "::": true, "10.0.0.1": false, "::ffff:127.0.0.1": true, "fe80::1": false,
	} {
		assert.Equal(t, keeps, rules.keepsText(address), address)
	}
}

// TestPseudonymHoldsNoOriginal uses originals of the range from which pseudonyms come.
func TestPseudonymHoldsNoOriginal(t *testing.T) {
	originals := map[string]Kind{}
	for _, a := range []string{"192.0.2.1", "198.51.100.2", "203.0.113.3"} {
		originals[a] = KindAddress
	}
	r, _ := testIndex(t, originals)
	for a := range originals {
		p := r.text(role{kind: KindNone}, a)
		for b := range originals {
			assert.NotContains(t, p, b)
		}
	}
}

func TestRules(t *testing.T) {
	for text, want := range map[string]string{
		"rules: [{kind: user}]":                          "want metrics, instances, labels or a pattern",
		"rules: [{kind: User, labels: [a]}]":             "want a word",
		"rules: [{kind: user, pattern: 'a'}]":            "want one group",
		"rules: [{kind: user, pattern: '('}]":            "missing closing",
		"rules: [{kind: address, labels: [a]}]":          "needs no rule",
		"rules: [{kind: user, labels: [a], words: [b]}]": "field words not found",
		"keep-networks: [10.0.0.0]":                      "no '/'",
		"- nonsense":                                     "cannot unmarshal",
	} {
		_, err := ParseRules([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
	file := filepath.Join(t.TempDir(), "own.yml")
	require.NoError(t, os.WriteFile(file, []byte("rules:\n- {kind: none, labels: [user]}\n- {kind: ticket, pattern: '#([0-9]+x)'}\nkeep: [alice]\n"), 0o644))
	r, err := LoadRules(file)
	require.NoError(t, err)
	assert.Equal(t, KindNone, r.ofLabel("user"), "a rule of a file comes first")
	assert.Equal(t, KindUser, r.ofLabel("username"))
	assert.Equal(t, KindUser, r.ofValue([]string{"proc.id.uid_nm"}))
	assert.Equal(t, KindCommand, r.ofInstance([]string{"proc.psinfo.cmd"}))
	all, optional := r.Kinds()
	assert.Contains(t, all, Kind("ticket"))
	assert.Equal(t, []Kind{"disk", "filesystem", "interface"}, optional)
	assert.Equal(t, KindNone, r.ofInstance([]string{"other.metric"}))
	r.choose([]Kind{"disk"}, []Kind{KindUser})
	assert.Equal(t, Kind("disk"), r.ofInstance([]string{"disk.dev.read"}))
	assert.Equal(t, KindNone, r.ofInstance([]string{"network.interface.in.bytes"}))
	assert.Equal(t, KindNone, r.ofLabel("username"))
	var found []span
	r.described("#12x of alice", false, func(s span) { found = append(found, s) })
	assert.Equal(t, []span{{from: 1, to: 4, kind: "ticket"}}, found)
}

// FuzzText replaces any text. No known original and no address may remain.
func FuzzText(f *testing.F) {
	for _, text := range []string{
		"10.0.0.1", "alice@db7.corp.test:80", "https://u:p@[2001:db8::1]:9/x?y=z", "52:54:00:12:34:56-10.0.0.1", "::", "alice alicealice", "/home/alice/db7",
		"db7.corp.test.corp.test", "1.2.3.4:5:6::", "\xff10.0.0.1\x00",
	} {
		f.Add(text)
	}
	rules, err := LoadRules()
	require.NoError(f, err)
	s := &secrets{rules: rules, kinds: map[string]Kind{}}
	s.learn(KindUser, "alice", false)
	s.learn(KindHost, "db7.corp.test", false)
	x := s.index(nil)
	r := newReplacer(rules, x, []byte("0123456789abcdef"))
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 512 {
			return
		}
		out := r.text(role{kind: KindNone}, text)
		if strings.Contains(out, "alice") {
			t.Errorf("%q -> %q", text, out)
		}
		addresses(text, func(from, to int) {
			part := text[from:to]
			if _, _, ok := parseHardware(part); ok {
				return
			}
			if _, err := netip.ParseAddr(part); err != nil {
				t.Errorf("%q: %v", part, err)
			}
		})
		_ = r.text(role{kind: KindCommand, pid: true}, text)
		_ = r.text(role{kind: KindHost}, text)
	})
}
