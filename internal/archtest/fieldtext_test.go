package archtest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// digits formats bytes as words of hexadecimal digits. It writes a repeated
// byte once, with the number of repetitions.
func digits(raw []byte) string {
	if len(raw) > 16 && len(bytes.Trim(raw, string(raw[:1]))) == 0 {
		return fmt.Sprintf("%02x*%d", raw[0], len(raw))
	}
	var words []string
	for word := range slices.Chunk(raw, 4) {
		words = append(words, fmt.Sprintf("%x", word))
	}
	return strings.Join(words, " ")
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// These functions format the meaning of a field's bytes.
func signed(b []byte) string {
	return strconv.Itoa(int(int32(binary.BigEndian.Uint32(b))))
}

func number(b []byte) string {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return strconv.FormatUint(n, 10)
}

func text(b []byte) string { return strconv.Quote(string(b)) }

func pmid(b []byte) string { return pcp.PMID(binary.BigEndian.Uint32(b)).String() }

func indomID(b []byte) string {
	return pcp.InDomID(binary.BigEndian.Uint32(b)).String()
}

func instance(b []byte) string {
	if s := signed(b); s != "-1" {
		return s
	}
	return "none"
}
