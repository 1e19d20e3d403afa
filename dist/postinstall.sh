#!/bin/sh
set -e
if command -v systemd-sysusers >/dev/null 2>&1; then
  systemd-sysusers pcparchive.conf
elif ! getent passwd pcparchive >/dev/null; then
  useradd --system --user-group --home-dir /var/log/pcparchive --no-create-home --shell /usr/sbin/nologin pcparchive
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # After an upgrade, services that run go on with the new program.
  systemctl try-restart pcparchive-record.service pcparchive-serve.service || true
fi
