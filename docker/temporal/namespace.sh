#!/bin/sh
# The namespace, with the search attributes that explorations write; safe to run again. Reads TEMPORAL_ADDRESS,
# TEMPORAL_NAMESPACE and RETENTION, how long closed workflows are kept.
set -eu

# A new namespace is known to the whole service some seconds later.
patiently() {
  tries=30
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 2
  done
}

patiently temporal operator cluster health
temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  patiently temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
patiently temporal operator search-attribute create \
  --name ExplorationName --type Keyword \
  --name Phase --type Keyword \
  --name BestScore --type Double \
  --name GpuSeconds --type Double \
  --name NumTrials --type Int \
  --name TrialNumber --type Int \
  --name TrialKind --type Keyword \
  --name TrialStatus --type Keyword \
  --name Split --type Keyword \
  --name TrialScore --type Double
