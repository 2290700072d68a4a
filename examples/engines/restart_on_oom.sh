#!/bin/sh
# The smallest engine: a container was killed for want of memory, so restart it. POSIX shell only.
# It has no diagnosis, no guardrail and no audit, and the referee says so: that is what a cron job
# with `kubectl rollout restart` in it looks like from outside.
number=0
while IFS= read -r line; do
  seq=${line#*'"seq":'} seq=${seq%%,*} # the first number of the line is its own
  case $line in
    '{"type":"hello"'*)
      echo '{"seq":0,"hello":{"protocol":1,"name":"restart-on-oom","wants":[]}}' ;;
    '{"type":"bye"'*)
      exit 0 ;;
    *'"reason":"OOMKilling"'*)
      pod=${line%%'","reason":"OOMKilling"'*} pod=${pod##*'"entity":"'}
      number=$((number + 1))
      action="{\"id\":$number,\"incident\":1,\"target\":\"$pod\",\"verb\":\"restart\"}"
      anomaly="{\"say\":\"anomaly\",\"id\":$number,\"entity\":\"$pod\",\"signal\":\"OOMKilling\"}"
      incident="{\"say\":\"incident\",\"id\":1,\"anomalies\":[$number]}"
      act="{\"say\":\"act\",\"action\":$action}"
      echo "{\"seq\":$seq,\"decisions\":[$anomaly,$incident,$act]}" ;;
    *)
      echo "{\"seq\":$seq,\"decisions\":[]}" ;;
  esac
done
