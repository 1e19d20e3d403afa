package compare

// convertRows measures the converters.
func convertRows(b *bench) []row {
	out := b.scratch()
	return []row{
		{
			what: "`export tsdb`: archive to blocks",
			ours: []string{"export", "tsdb", b.big, "-o", out},
			out:  out, amount: growValues, unit: "samples", limit: limit{rate: 5e6},
		},
	}
}
