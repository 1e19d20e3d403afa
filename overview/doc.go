// Package overview finds out when hosts were in trouble, and why, from their archives.
//
//	report, err := overview.New(overview.Options{}).Of(ctx, sets, overview.Request{})
//	for _, host := range report.Hosts {
//		for _, incident := range host.Worst {
//			fmt.Println(host.Name, incident.Words)
//		}
//	}
//
// The file rules.yml has the rules: expressions of PromQL by the USE method, with the
// values at which a resource is under pressure. [Default] returns them.
//
// # One pass
//
// A [Cache] reads an archive once for all rules: it takes the samples of the metrics that
// the rules need and evaluates all rules over them with Prometheus' engine. A [Track] keeps
// the worst value of each rule in each cell of time, such as a minute, together with the
// instance that had it. The Cache keeps the tracks of archives in memory, and those of
// closed archives in a folder. Every window, zoomed or not, is computed from tracks.
//
// If an archive has grown, the Cache reads what has been added, and a little before that.
//
// # Levels
//
// [Rule.Level] makes a number between 0 and 1 of a value: 0.5 means pressure, and 1 means
// that the resource is the problem. The level of a host is that of its worst rule. A time
// without records has no level.
package overview
