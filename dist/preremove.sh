#!/bin/sh
set -e
# deb says remove, rpm says 0; an upgrade leaves the services alone.
case "${1-}" in
  remove | 0)
    if [ -d /run/systemd/system ]; then
      systemctl disable --now pcparchive-record.service pcparchive-serve.service || true
    fi
    ;;
esac
