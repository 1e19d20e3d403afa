package promapi

import (
	"fmt"
	"strconv"
	"strings"
)

// rules answers /rules. No rules: an empty list.
func rules(r *request) (*reply, error) {
	if _, err := r.selectors(); err != nil {
		return nil, bad(err)
	}
	switch typ := strings.ToLower(r.get("type")); typ {
	case "", "alert", "record":
	default:
		return nil, invalid("type", fmt.Errorf("not supported value %q", short(typ)))
	}
	if text := r.get("exclude_alerts"); text != "" {
		if _, err := strconv.ParseBool(text); err != nil {
			return nil, invalid("exclude_alerts", fmt.Errorf("error converting exclude_alerts: %w", err))
		}
	}
	return jsonReply(map[string]any{"groups": []any{}}), nil
}

// alerts answers /alerts.
func alerts(*request) (*reply, error) {
	return jsonReply(map[string]any{"alerts": []any{}}), nil
}
