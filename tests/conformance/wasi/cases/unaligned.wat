;; Pointers need no alignment: vectors, counts and results at odd addresses.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 101) "passed\n")
  (func (export "_start")
    (i32.store (i32.const 1) (i32.const 101))
    (i32.store (i32.const 5) (i32.const 7))
    (if (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 203)) (then (call $proc_exit (i32.const 1))))
    (if (i64.eqz (i64.load (i32.const 203))) (then (call $proc_exit (i32.const 2))))
    (if (call $fd_write (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 303)) (then (call $proc_exit (i32.const 3))))
    (if (i32.ne (i32.load (i32.const 303)) (i32.const 7)) (then (call $proc_exit (i32.const 4))))))
