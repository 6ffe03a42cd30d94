# The WebAssembly engine: a static library with the Wasmtime C API, its headers and the snapshot tool, built by cargo
# once per machine. Sourced after common.sh, never run.
# shellcheck shell=bash

ENGINE_CRATE=$OPENSKILLS_ROOT/runtime/third_party/wasmtime
ENGINE_TARGET=$OPENSKILLS_CACHE/build/wasmtime

# Sixteen hex digits over everything that decides what the engine is.
engine_key() {
  {
    echo "layout 1"
    rustc --version --verbose
    echo "${RUSTFLAGS:-} ${CARGO_BUILD_TARGET:-}"
    cd "$ENGINE_CRATE" && find Cargo.toml Cargo.lock src -type f -print0 | LC_ALL=C sort --zero-terminated |
      xargs --null sha256sum
  } | sha256sum | cut -c1-16
}

# engine_dir : where the engine for this checkout and compiler is, or will be.
engine_dir() { echo "$OPENSKILLS_CACHE/wasmtime/$(engine_key)"; }

# shellcheck disable=SC2317 # called through PROGRESS
crates_so_far() { # LOG
  local count
  count=$(grep --count '^ *Compiling ' "$1") || true
  echo "$count crates compiled or at work, the latest: $(grep '^ *Compiling ' "$1" | tail -n 1 | awk '{ print $2 }')"
}

run_cargo() { # MESSAGES
  cargo build --release --locked --manifest-path "$ENGINE_CRATE/Cargo.toml" --target-dir "$ENGINE_TARGET" \
    --jobs "$OPENSKILLS_JOBS" --message-format=json-render-diagnostics >"$1"
}

# Reads cargo's messages, because the folder names under its target directory are its own affair.
# Prints the static library, the folder of generated headers and the programs, one `kind<TAB>path` a line.
read_cargo_messages() { # MESSAGES
  python3 - "$1" <<'PYTHON'
import json, sys

for line in open(sys.argv[1], encoding="utf-8"):
    message = json.loads(line)
    package = message.get("package_id", "")
    if message["reason"] == "build-script-executed" and "wasmtime-c-api-impl" in package:
        print("include", message["out_dir"] + "/include", sep="\t")
    elif message["reason"] == "compiler-artifact" and "openskills-wasmtime" in package:
        if "staticlib" in message["target"]["kind"]:
            print("lib", next(f for f in message["filenames"] if f.endswith(".a")), sep="\t")
        if message.get("executable"):
            print("bin", message["executable"], sep="\t")
PYTHON
}

install_engine() { # MESSAGES FOLDER : fills FOLDER with lib/, include/ and bin/
  local kind path
  mkdir -p "$2/lib" "$2/bin"
  while IFS=$'\t' read -r kind path; do
    case $kind in
      # Debug information doubles the archive and serves nobody here.
      lib) objcopy --strip-debug "$path" "$2/lib/libopenskills_wasmtime.a" || return ;;
      include) cp -R "$path" "$2/include" || return ;;
      bin) install --strip "$path" "$2/bin/" || return ;;
    esac
  done < <(read_cargo_messages "$1")
  [[ -f $2/lib/libopenskills_wasmtime.a && -f $2/include/wasmtime/conf.h ]]
}

# need_engine : sets and exports OPENSKILLS_WASMTIME_DIR, building the engine when this machine has none yet.
need_engine() {
  local messages=$ENGINE_TARGET/messages.json part
  need_rust
  OPENSKILLS_WASMTIME_DIR=$(engine_dir)
  export OPENSKILLS_WASMTIME_DIR
  [[ ! -d $OPENSKILLS_WASMTIME_DIR ]] || return 0
  lock "$OPENSKILLS_CACHE/wasmtime/.lock"
  if [[ ! -d $OPENSKILLS_WASMTIME_DIR ]]; then
    [[ -d $ENGINE_TARGET ]] || need_space 3000
    mkdir -p "$ENGINE_TARGET"
    say "building the WebAssembly engine, once per machine: about 5 minutes on two cores"
    PROGRESS=crates_so_far run_logged engine \
      "Is the network there? The crates come from the Rust registry, as Cargo.lock pins them." run_cargo "$messages" \
      {LOCK_FD}>&-
    rm -rf "$OPENSKILLS_CACHE"/wasmtime/.part.*
    part=$(mktemp -d "$OPENSKILLS_CACHE/wasmtime/.part.XXXXXX")
    chmod 755 "$part"
    run_logged engine-install "Are binutils installed, and is there room on the disk?" \
      install_engine "$messages" "$part"
    mv --no-target-directory "$part" "$OPENSKILLS_WASMTIME_DIR"
  fi
  unlock
}
