// Package verify checks Prometheus TSDB blocks against the rules of the system that
// will read them: Prometheus, Thanos or Mimir.
//
//	blocks, err := verify.Find([]string{"data"})
//	for f := range verify.Run(ctx, blocks, verify.Options{Target: verify.Mimir}) {
//		fmt.Println(f)
//	}
//
// [Run] reads every byte of each index and of all chunks. It yields a
// [finding.Finding] for each broken rule. [Codes] lists the rules of a target.
package verify
