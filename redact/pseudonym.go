package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
)

// letters are the digits of codes. Without vowels a code is no word.
const letters = "bcdfghjklmnpqrstvwxz2456789"

// codeSize is the number of digits of a code. Ten of them hold 47 bits.
const codeSize = 10

// attempts is the number of pseudonyms to try, because one may contain an original.
const attempts = 200

// namer makes pseudonyms. It has no state but the key.
type namer struct {
	key []byte
	// contain reports whether a pseudonym contains an original: even as part of a word or
	// number, and else where originals count. It may be empty.
	contain []func(pseudonym string) bool
}

// digest returns the keyed hash of a text. try distinguishes the pseudonyms of one text.
func (n *namer) digest(text string, try int) []byte {
	mac := hmac.New(sha256.New, n.key)
	mac.Write([]byte("pcparchive 1 " + strconv.Itoa(try) + "\x00"))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// code returns the code of a text.
func (n *namer) code(text string, try int) string {
	v := binary.BigEndian.Uint64(n.digest(text, try))
	var b [codeSize]byte
	for i := range b {
		b[i] = letters[v%uint64(len(letters))]
		v /= uint64(len(letters))
	}
	return string(b[:])
}

// pick returns the first pseudonym that contains no original. If all contain one, it
// returns the first, and the check at the end fails.
func (n *namer) pick(pseudonym func(try int) string) string {
	for _, contains := range n.contain {
		for try := range attempts {
			if p := pseudonym(try); !contains(p) {
				return p
			}
		}
	}
	return pseudonym(0)
}

var (
	hexText  = lazyregexp.New(`^[0-9a-fA-F]{12,}$`)
	uuidText = lazyregexp.New(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
)

// name returns the pseudonym of a text that is not taken apart.
func (n *namer) name(kind Kind, text string) string {
	return n.pick(func(try int) string {
		switch {
		case uuidText().MatchString(text):
			return n.uuid(text, try)
		case hexText().MatchString(text):
			return n.hexDigits(text, try)
		}
		return string(kind) + "-" + n.code(text, try)
	})
}

// shortID is the number of digits to which tools shorten the identifier of a container.
const shortID = 12

// hexDigits returns as many hexadecimal digits as text has. The first ones depend on the
// first ones of text only, so that a shortened identifier stays the beginning of the whole.
func (n *namer) hexDigits(text string, try int) string {
	text = strings.ToLower(text)
	out := hex.EncodeToString(n.digest("hex "+text[:shortID], try))[:shortID]
	for block := 0; len(out) < len(text); block++ {
		out += hex.EncodeToString(n.digest("hex "+strconv.Itoa(block)+" "+text, try))
	}
	return out[:len(text)]
}

func (n *namer) uuid(text string, try int) string {
	h := hex.EncodeToString(n.digest("uuid "+strings.ToLower(text), try))
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

// host returns the pseudonym of a host's name. The first part and the domain have their
// own pseudonyms, so that the short name and the whole name fit together.
func (n *namer) host(text string) string {
	short, domain := cutHost(text)
	p := n.name(KindHost, strings.ToLower(short))
	if domain == "" {
		return p
	}
	return p + "." + n.domain(domain)
}

// domain returns the pseudonym of a domain, in the top-level domain reserved for examples.
func (n *namer) domain(text string) string {
	return n.pick(func(try int) string { return n.code("domain "+strings.ToLower(text), try) + ".example" })
}

// cutHost divides the name of a host. A name with a space or a colon is no host's, and so
// has no domain.
func cutHost(text string) (short, domain string) {
	if strings.ContainsAny(text, " :/") {
		return text, ""
	}
	short, domain, _ = strings.Cut(text, ".")
	if short == "" {
		return text, ""
	}
	return short, strings.TrimSuffix(domain, ".")
}

// command is a command line or the name of a process.
type command struct {
	pid     string // with its space, or ""
	path    string // the program as written, without parentheses
	program string // its base name
	args    string // without the space before them
}

// cutCommand divides a command line. pid says that a PID precedes it.
func cutCommand(text string, pid bool) command {
	var c command
	if pid {
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		if digits > 0 && digits < len(text) && text[digits] == ' ' {
			c.pid, text = text[:digits+1], text[digits+1:]
		}
	}
	if inner, ok := strings.CutPrefix(text, "("); ok && strings.HasSuffix(inner, ")") {
		c.path = inner[:len(inner)-1]
		c.program = c.path
		return c
	}
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		c.path = inner[:len(inner)-1]
		c.program = c.path
		return c
	}
	c.path, c.args, _ = strings.Cut(text, " ")
	c.program = c.path[strings.LastIndexByte(c.path, '/')+1:]
	c.program = strings.TrimSuffix(strings.TrimPrefix(c.program, "-"), ":")
	if c.program == "" {
		c.program = c.path
	}
	return c
}

// command returns the pseudonym of a command line: that of its program, and one of all
// arguments. A name of a process with a PID has no arguments.
func (n *namer) command(text string, pid bool) string {
	c := cutCommand(text, pid)
	p := c.pid + n.name(KindProcess, c.program)
	if c.args == "" || pid {
		return p
	}
	return p + " " + n.name("args", c.args)
}

// another returns another name for an instance whose name is taken. Tools compare names up
// to the first space.
func (n *namer) another(original, name string, try int) string {
	first, rest, spaced := strings.Cut(name, " ")
	first += "-" + n.code(original, try)[:4]
	if spaced {
		return first + " " + rest
	}
	return first
}
