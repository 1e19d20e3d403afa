package redact

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// Ranges of addresses for documentation (RFC 5737, 3849 and 7042).
var (
	documentation4 = [...][3]byte{{192, 0, 2}, {198, 51, 100}, {203, 0, 113}}
	documentation6 = [4]byte{0x20, 0x01, 0x0d, 0xb8}
	documentationM = [5]byte{0, 0, 0x5e, 0, 0x53}
)

// address returns the pseudonym of an address as text, in the same notation.
func (n *namer) address(text string) string {
	if hardware, sep, ok := parseHardware(text); ok {
		return n.pick(func(try int) string { return n.hardware(hardware, sep, try) })
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return n.name(KindAddress, text)
	}
	return n.pick(func(try int) string {
		switch {
		case a.Is4():
			return n.ipv4(a, try).String()
		case a.Is4In6():
			return "::ffff:" + n.ipv4(a.Unmap(), try).String()
		}
		bits := a.As16()
		sum := n.digest("ipv6 "+string(bits[:]), try)
		copy(sum, documentation6[:])
		p := netip.AddrFrom16([16]byte(sum[:16]))
		if a.Zone() != "" {
			p = p.WithZone(a.Zone())
		}
		return p.String()
	})
}

func (n *namer) ipv4(a netip.Addr, try int) netip.Addr {
	bits := a.As4()
	const hosts = 254 // without the addresses of the network and of all hosts
	v := binary.BigEndian.Uint64(n.digest("ipv4 "+string(bits[:]), try)) % uint64(len(documentation4)*hosts)
	net := documentation4[v/hosts]
	return netip.AddrFrom4([4]byte{net[0], net[1], net[2], byte(v%hosts) + 1})
}

// hardware returns the pseudonym of a hardware address. Those longer than six bytes, such
// as InfiniBand's, begin with more than the range.
func (n *namer) hardware(address []byte, sep string, try int) string {
	sum := n.digest("hardware "+string(address), try)
	out := append(documentationM[:5:5], sum[0])
	for len(out) < len(address) {
		out = append(out, sum[len(out)])
	}
	parts := make([]string, len(out))
	for i, b := range out {
		parts[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(parts, sep)
}

// parseHardware parses a hardware address of 6, 8 or 20 bytes.
func parseHardware(text string) (address []byte, sep string, ok bool) {
	if len(text) < 17 || text[2] != ':' && text[2] != '-' {
		return nil, "", false
	}
	sep = text[2:3]
	parts := strings.Split(text, sep)
	if n := len(parts); n != 6 && n != 8 && n != 20 {
		return nil, "", false
	}
	for _, p := range parts {
		v, err := strconv.ParseUint(p, 16, 8)
		if err != nil || len(p) != 2 {
			return nil, "", false
		}
		address = append(address, byte(v))
	}
	return address, sep, true
}

// nobody reports whether a hardware address is that of all stations or of none.
func nobody(address []byte) bool {
	all := func(b byte) bool { return bytes.Count(address, []byte{b}) == len(address) }
	return all(0) || all(0xff)
}

// addressByte says which bytes addresses consist of.
var addressByte = func() (is [256]bool) {
	for _, c := range []byte("0123456789abcdefABCDEF:.-") {
		is[c] = true
	}
	return is
}()

// addresses calls found for the addresses in a text.
func addresses(text string, found func(from, to int)) {
	for at := 0; at < len(text); at++ {
		if !addressByte[text[at]] {
			continue
		}
		end := at
		points := 0
		for end < len(text) && addressByte[text[end]] {
			if text[end] == '.' || text[end] == ':' || text[end] == '-' {
				points++
			}
			end++
		}
		if points >= 2 && (at == 0 || !isWord(text[at-1])) {
			addressesIn(text, at, end, found)
		}
		at = end
	}
}

// addressesIn calls found for the addresses in text[at:end], which consists of bytes of
// addresses and has none of them around it. A port, or a dot of the sentence, may follow.
func addressesIn(text string, at, end int, found func(from, to int)) {
	if end < len(text) && isWord(text[end]) {
		// The last part belongs to a word, such as the name of an interface after "-".
		cut := strings.LastIndexAny(text[at:end], ":-")
		if cut < 0 {
			return
		}
		end = at + cut
	}
	run := text[at:end]
	trimmed := strings.TrimRight(run, ".-:")
	if strings.HasSuffix(run, "::") && !strings.HasSuffix(run, ":::") {
		trimmed = run
	}
	lead := len(trimmed) - len(strings.TrimLeft(trimmed, ".-"))
	if isAddress(trimmed[lead:]) {
		found(at+lead, at+len(trimmed))
		return
	}
	// Parts between hyphens and ports: "10.0.0.1-10.0.0.9", "10.0.0.1:80".
	from := 0
	for i := 0; i <= len(run); i++ {
		if i < len(run) && run[i] != '-' && (run[i] != ':' || strings.Contains(run, "::") || strings.Count(run, ":") > 2) {
			continue
		}
		if part := strings.TrimRight(run[from:i], "."); isAddress(part) {
			found(at+from, at+from+len(part))
		}
		from = i + 1
	}
}

// isAddress reports whether a text is an address.
func isAddress(text string) bool {
	if len(text) < 3 {
		return false
	}
	if _, _, ok := parseHardware(text); ok {
		return true
	}
	_, err := netip.ParseAddr(text)
	return err == nil
}

// isWord reports whether a byte belongs to a word.
func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
