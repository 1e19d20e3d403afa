package promapi

// An archive has no targets: the server scrapes nothing. Clients accept empty lists.

// targets answers /targets.
func targets(*request) (*reply, error) {
	return jsonReply(map[string]any{"activeTargets": []any{}, "droppedTargets": []any{}, "droppedTargetCounts": map[string]int{}}), nil
}

// scrapePools answers /scrape_pools.
func scrapePools(*request) (*reply, error) {
	return jsonReply(map[string]any{"scrapePools": []string{}}), nil
}

// alertmanagers answers /alertmanagers.
func alertmanagers(*request) (*reply, error) {
	return jsonReply(map[string]any{"activeAlertmanagers": []any{}, "droppedAlertmanagers": []any{}}), nil
}

// targetMetadata is an entry of the reply of /targets/metadata.
type targetMetadata struct {
	Target map[string]string `json:"target"`
	Metric string            `json:"metric"`
	metadataEntry
}

// targetsMetadata answers /targets/metadata with the metadata of all metrics, which
// belong to no target.
func targetsMetadata(r *request) (*reply, error) {
	limit, err := r.number("limit")
	if err != nil {
		return nil, err
	}
	if text := r.get("match_target"); text != "" {
		if _, err := newParser().ParseMetricSelector(text); err != nil {
			return nil, invalid("match_target", err)
		}
		return jsonReply([]targetMetadata{}), nil
	}
	all := []targetMetadata{}
	families, err := r.view.Engine.Families(r.ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range families {
		if limit >= 0 && len(all) >= limit {
			break
		}
		if wanted := r.get("metric"); wanted == "" || wanted == f.Name {
			all = append(all, targetMetadata{map[string]string{}, f.Name, entryOf(f)})
		}
	}
	return jsonReply(all), nil
}
