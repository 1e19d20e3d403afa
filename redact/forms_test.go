package redact

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// disguises are texts in which originals hide, and what must not be left of them.
func disguises() map[string]string {
	b64 := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	core := func(text string) string { return b64(text)[:len(text)*8/6] }
	return map[string]string{
		"Basic " + b64("db7.corp.acme.test"):                       core("db7.corp.acme.test"),
		"x=" + b64("a:alice.liddell") + ";":                        core("a:alice.liddell")[4:],
		"y=" + b64("ab:alice.liddell"):                             core("ab:alice.liddell")[4:],
		base64.URLEncoding.EncodeToString([]byte("alice.liddell")): core("alice.liddell"),
		hex.EncodeToString([]byte("alice.liddell")):                hex.EncodeToString([]byte("alice.liddell")),
		"q=" + url.QueryEscape("tok/en+S3CR3T=="):                  "tok%2Fen",
		"q=tok%2fen%2bS3CR3T%3d%3d":                                "tok%2fen",
		"db7%2Ecorp%2Eacme%2Etest":                                 "acme",
		"test.acme.corp.db7":                                       "acme",
		"test.acme.corp":                                           "acme",
		"TEST.ACME.CORP.DB7":                                       "ACME",
		"DB7.CORP.ACME.TEST up":                                    "ACME",
		"Db7.corp.acme.test":                                       "acme",
		"dB7.cOrp.aCme.tEst":                                       "aCme",
		"DB7: ok":                                                  "DB7",
		"metrics_db7_corp_acme_test_total":                         "acme",
		"backup-db7-corp-acme-test.log":                            "acme",
		"web9.corp.acme.test":                                      "acme",
		"ALICE.LIDDELL":                                            "ALICE",
		"Alice.liddell@example.com":                                "lice.liddell",
		"/run/user-alice.liddell.slice":                            "alice",
		`/sys/fs/cgroup/x\x2dray\x2duser.slice`:                    "ray",
		"su - x-ray-user -c id":                                    "x-ray-user",
		"from ip-10-31-7-9.internal":                               "10-31-7-9",
		"10_31_7_9":                                                "10_31_7_9",
		"0A1F0709:0016 00000000":                                   "0A1F0709",
		"09071F0A:0016 00000000":                                   "09071F0A",
		"9.7.31.10.in-addr.arpa":                                   "9.7.31.10",
		"::ffff:10.31.7.9":                                         "10.31.7.9",
		"::ffff:0a1f:0709":                                         "0a1f",
		"::FFFF:A1F:709":                                           "A1F:709",
		"0:0:0:0:0:ffff:10.31.7.9":                                 "10.31.7.9",
		"2A02:0810:000B:0000:0000:0000:0000:0077":                  "0810",
		"2a02:810:b:0:0::77":                                       "810",
		"2a020810000b00000000000000000077 02 40 00":                "2a0208",
		"7.7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.0.0.0.0.1.8.0.2.0.a.2.ip6.arpa": "b.0.0.0.0.1.8.0",
		"fe80::5054:ff:feab:cdef%eth0":                                             "feab:cdef",
		"52-54-00-AB-CD-EF":                                                        "AB-CD",
		"52:54:00:AB:cd:EF":                                                        "AB:cd",
		"525400abcdef":                                                             "abcdef",
		"525400ABCDEF":                                                             "ABCDEF",
		"5254.00ab.cdef":                                                           "00ab",
		"7fe1ddf8-8e58-4d78-b1a0-069af7ce3e61":                                     "8e58",
		"7FE1DDF88E584D78B1A0069AF7CE3E61":                                         "8E584D78",
		"id 11112222333344445555666677778888":                                      "333344445555",
		"docker-0123456789ab.scope":                                                "0123456789ab",
		"https://bob:hunter2@db7.corp.acme.test:8443/x?k=v":                        "hunter2",
		"https://carol:pw%40x@other.example.org/":                                  "pw%40x",
		"mail dave.jones+x@mail.acme.example":                                      "dave.jones",
		"curl -u alice.liddell:pw":                                                 "alice",
	}
}

// TestDisguises: no spelling of an original remains.
func TestDisguises(t *testing.T) {
	r, _ := testIndex(t, map[string]Kind{
		"db7.corp.acme.test": KindHost, "alice.liddell": KindUser, "x-ray-user": KindUser, "tok/en+S3CR3T==": KindSecret,
		"10.31.7.9": KindAddress, "2a02:810:b::77": KindAddress, "52:54:00:ab:cd:ef": KindAddress,
		"7fe1ddf88e584d78b1a0069af7ce3e61": "machine", "11112222-3333-4444-5555-666677778888": "machine",
		strings.Repeat("0123456789ab", 5) + "cdef": KindContainer,
	})
	for text, rest := range disguises() {
		got := r.text(role{kind: KindNone}, text)
		assert.NotContains(t, got, rest, text)
	}
	assert.Equal(t, r.text(role{kind: KindHost}, "db7.corp.acme.test"), r.text(role{kind: KindNone}, "DB7.CORP.ACME.TEST"))
	assert.Equal(t, reverseParts(r.text(role{kind: KindHost}, "db7.corp.acme.test")), r.text(role{kind: KindNone}, "test.acme.corp.db7"))
	for _, text := range []string{"alice", "a.b.test", "10.31.7", "abcdef", "cafe cafe", "Liddell", "x ray"} {
		assert.Equal(t, text, r.text(role{kind: KindNone}, text))
	}
}
