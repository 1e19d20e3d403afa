package decomp_test
import ("testing";"io";"github.com/pcparchive/pcparchive/internal/decomp")
func BenchmarkDecode(b *testing.B){ data:=sample(20<<20)
 for _,n:=range []string{"xz","lzma","bzip2","gzip","zstd","compress"}{ p:=forms[n]; file:=p.pack(b,data)
  b.Run(n,func(b *testing.B){ b.SetBytes(int64(len(data))); for b.Loop(){ f:=open(b,file,decomp.Limits{},decomp.NewCache(0)); io.Copy(io.Discard,f.NewReader(0)) } }) } }
