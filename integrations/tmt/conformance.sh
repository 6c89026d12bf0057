#!/bin/sh
# Judges a driver and leaves a result for each rule where tmt reads it.
# KIT is the command: libvirt-conformance where it is installed, or the path of ./kit in a checkout.
set -eu

code=0
"$KIT" run --uri "$DRIVER_URI" \
  --report "$TMT_TEST_DATA/report.json" --html "$TMT_TEST_DATA/report.html" --tmt "$TMT_TEST_DATA/results.yaml" ||
  code=$?
# Where there are no results, tmt has to see an error and no empty list.
[ -s "$TMT_TEST_DATA/results.yaml" ] || exit 2
exit "$code"
