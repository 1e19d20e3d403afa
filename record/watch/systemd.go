package watch

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/dustin/go-humanize/english"
)

// Notify tells systemd the state of a recording until ctx ends: that it is ready, a line of
// status, and for the watchdog that it is alive. It does nothing if the process is not a
// service of the type notify. A nil log discards messages.
func Notify(ctx context.Context, r Recorder, log *slog.Logger) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	notify(ctx, r, log, time.Second)
}

// notify is Notify with the time between two looks at the recording.
func notify(ctx context.Context, r Recorder, log *slog.Logger, every time.Duration) {
	if sent, err := daemon.SdNotify(false, "STATUS=starting"); err != nil || !sent {
		if err != nil {
			log.Warn("systemd cannot be told the state of the recording", "err", err)
		}
		return
	}
	watchdog, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the interval of systemd's watchdog cannot be read", "err", err)
	}
	if watchdog > 0 {
		every = min(every, watchdog/3)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	ready, status := false, ""
	for {
		state := ""
		if r.Ready() && !ready {
			ready, state = true, daemon.SdNotifyReady+"\n"
		}
		// The numbers come from the parts that record. If one of them hangs, so does this
		// goroutine, and the watchdog ends the process.
		if now := statusLine(r); now != status {
			status = now
			state += "STATUS=" + now + "\n"
		}
		if watchdog > 0 {
			state += daemon.SdNotifyWatchdog
		}
		if state != "" {
			_, _ = daemon.SdNotify(false, state) // systemd restarts the service if it misses messages
		}
		select {
		case <-ctx.Done():
			_, _ = daemon.SdNotify(false, daemon.SdNotifyStopping+"\nSTATUS=ending")
			return
		case <-tick.C:
		}
	}
}

// statusLine describes a recording in a few words.
func statusLine(r Recorder) string {
	st := r.Stats()
	text := fmt.Sprintf("%s, %d series, %d samples", english.Plural(st.Targets, "target", ""), st.Series, st.Samples)
	if st.Full {
		text += ", the disk is full"
	}
	return text
}
