;; A start function may end the program before _start is called. Exits with 7.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $early (call $proc_exit (i32.const 7)))
  (start $early)
  (func (export "_start") unreachable))
