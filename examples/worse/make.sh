#!/usr/bin/env bash
# Makes five policies that are worse than the default one, each in one way, and holds them against a
# corpus: every one must fail, and the first failure of each says why.
#
#   examples/worse/make.sh FOLDER [PATHS...]     (default: scenarios/article/0247-healed.yaml)
#
# WINDTUNNEL names the command (default: windtunnel). Exit code 1 if a worse policy passes.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
default="$here/../../scenarios/policies/default.yaml"
folder="${1:?a folder for the policies}"
shift
paths=("${@:-$here/../../scenarios/article/0247-healed.yaml}")
windtunnel="${WINDTUNNEL:-windtunnel}"
mkdir -p "$folder"

# Which line of the default policy becomes which; a change that changes nothing is a slip of ours.
worse() {
    local name="$1" from="$2" to="$3"
    sed "s|$from|$to|" "$default" > "$folder/$name.yaml"
    if cmp -s "$default" "$folder/$name.yaml"; then
        echo "$name changes nothing: is '$from' still in the default policy?" >&2
        exit 2
    fi
}
worse threshold '^  threshold: .*' '  threshold: 100.0'
sed -i 's|^  immediate: .*|  immediate: 300.0|' "$folder/threshold.yaml"
worse guardrail '^  - confidence_floor: .*' '  # no confidence_floor'
worse detector '^  - robust_score.*' '  # no robust_score'
worse remedy '^    - rollback: .*' '    - restart'
printf 'version: 1\nname: crashes\nengine: { command: [sh, -c, "exit 3"] }\n' > "$folder/engine.yaml"

code=0
for name in threshold guardrail detector remedy engine; do
    echo "== $name"
    status=0
    "$windtunnel" --quiet --color never test "${paths[@]}" --no-report --fail-fast \
        --policy "$folder/$name.yaml" > "$folder/$name.txt" || status=$?
    sed -n '1,14p' "$folder/$name.txt"
    echo "exit code $status"
    if [ "$status" -ne 1 ]; then
        echo "$name: expected exit code 1, found $status" >&2
        code=1
    fi
done
exit "$code"
