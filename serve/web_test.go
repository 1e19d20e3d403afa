package serve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// authority issues certificates for tests.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	a := &authority{t: t, dir: t.TempDir(), key: key, pool: x509.NewCertPool()}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, key.Public(), key)
	require.NoError(t, err)
	a.write("ca.pem", "CERTIFICATE", der)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	a.pool.AddCert(parsed)
	return a
}

func (a *authority) write(name, kind string, der []byte) {
	a.t.Helper()
	require.NoError(a.t, os.WriteFile(filepath.Join(a.dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// issue writes NAME.pem and NAME.key.
func (a *authority) issue(name string, usage x509.ExtKeyUsage) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}, a.cert, key.Public(), a.key)
	require.NoError(a.t, err)
	secret, err := x509.MarshalECPrivateKey(key)
	require.NoError(a.t, err)
	a.write(name+".pem", "CERTIFICATE", der)
	a.write(name+".key", "EC PRIVATE KEY", secret)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestWebConfig wants TLS, users and client certificates of a web configuration.
func TestWebConfig(t *testing.T) {
	ca := newAuthority(t)
	ca.issue("server", x509.ExtKeyUsageServerAuth)
	mine := ca.issue("client", x509.ExtKeyUsageClientAuth)
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	require.NoError(t, err)
	config := filepath.Join(ca.dir, "web.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
basic_auth_users:
  anna: %s
`, hash), 0o600))
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "web1").put(0, 20).close()
	s := run(t, Options{Paths: []string{base}, Rescan: -1, WebConfig: config})
	require.Regexp(t, "^https://127.0.0.1:", s.url)

	ask := func(user, password string, certs ...tls.Certificate) (int, error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool, Certificates: certs}}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequest(http.MethodGet, s.url+"/api/v1/query?query=kernel_all_load&time="+seconds(at(5)), nil)
		require.NoError(t, err)
		if user != "" {
			req.SetBasicAuth(user, password)
		}
		resp, err := (&http.Client{Transport: transport}).Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	status, err := ask("anna", "secret", mine)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, status)
	for _, wrong := range [][2]string{{"", ""}, {"anna", "guess"}, {"otto", "secret"}} {
		status, err := ask(wrong[0], wrong[1], mine)
		require.NoError(t, err)
		assert.Equal(t, http.StatusUnauthorized, status)
	}
	_, err = ask("anna", "secret")
	require.Error(t, err, "a client without a certificate")
	plainText, err := http.Get("http" + s.url[len("https"):] + "/")
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, plainText.StatusCode)
	require.NoError(t, plainText.Body.Close())
	http.DefaultClient.CloseIdleConnections()
}

// TestUsersOnly wants a web configuration without TLS to be served as http.
func TestUsersOnly(t *testing.T) {
	dir := t.TempDir()
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	require.NoError(t, err)
	config := filepath.Join(dir, "web.yml")
	require.NoError(t, os.WriteFile(config, []byte("basic_auth_users: {anna: "+string(hash)+"}\n"), 0o600))
	s := run(t, Options{Paths: []string{dir}, Rescan: -1, WebConfig: config})
	status, _, _ := s.get("/")
	assert.Equal(t, http.StatusUnauthorized, status)
	require.Regexp(t, "^http://", s.url)
}

// TestOrigins wants one decision on origins from all APIs, and none from paths that change
// something.
func TestOrigins(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "rec"), "db1").put(0, 20).close()
	s := run(t, Options{Paths: []string{dir}, Rescan: -1, CORSOrigin: regexp.MustCompile(`^https://ours$`)})
	ask := func(method, path, origin string) http.Header {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Origin", origin)
		s.handler().ServeHTTP(w, r)
		return w.Result().Header
	}
	for _, path := range []string{"/api/v1/query", "/federate", "/series/ping", "/search/text", "/api/overview", "/api/archives", "/metrics", "/pmapi/context"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			assert.Equal(t, "https://ours", ask(method, path, "https://ours").Get("Access-Control-Allow-Origin"), path)
			theirs := ask(method, path, "https://theirs")
			assert.Empty(t, theirs.Get("Access-Control-Allow-Origin"), path)
			assert.Contains(t, theirs.Values("Vary"), "Origin", path)
		}
	}
	for _, path := range []string{"/", "/-/reload", "/-/healthy", "/logger/label"} {
		assert.Empty(t, ask(http.MethodGet, path, "https://ours").Get("Access-Control-Allow-Origin"), path)
	}
}
