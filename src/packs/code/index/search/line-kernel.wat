;; The hot loop of searching: the lines of a text that hold one of a few needles. line-kernel.ts holds the other side.
;; A needle is a sequence of sets of bytes. Two of its bytes that can each be told by one comparison, its probes, are
;; compared for 64 places at a time; where both are there the whole needle is.
;;
;; Memory:
;;   0x00000  needles, one every 0x1100 bytes, as words: for both probes where in the needle they are, the bits to set
;;            before comparing and the byte to compare with; at 0x18 the length; at 0x1c, written here, where the needle
;;            occurs next; at 0x20 the sets, 256 bits each
;;   0x10000  the lines that were found: where each begins and where it ends
;;   0x21000  the text
(module
  (memory (export "memory") 13)

  ;; Where the needle occurs first in what begins at `at` and ends before `end`; -1 where it does not.
  (func $find (param $needle i32) (param $at i32) (param $end i32) (result i32)
    (local $last i32) (local $place i32) (local $one i32) (local $other i32) (local $bits i64)
    (local $oneMask v128) (local $oneByte v128) (local $otherMask v128) (local $otherByte v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $last (i32.sub (local.get $end) (i32.load offset=0x18 (local.get $needle))))
    (local.set $oneMask (i8x16.splat (i32.load offset=0x4 (local.get $needle))))
    (local.set $oneByte (i8x16.splat (i32.load offset=0x8 (local.get $needle))))
    (local.set $otherMask (i8x16.splat (i32.load offset=0x10 (local.get $needle))))
    (local.set $otherByte (i8x16.splat (i32.load offset=0x14 (local.get $needle))))
    (loop $step
      (if (i32.gt_s (local.get $at) (local.get $last)) (then (return (i32.const -1))))
      (local.set $one (i32.add (local.get $at) (i32.load (local.get $needle))))
      (local.set $other (i32.add (local.get $at) (i32.load offset=0xc (local.get $needle))))
      (local.set $a (v128.and
        (i8x16.eq (v128.or (v128.load (local.get $one)) (local.get $oneMask)) (local.get $oneByte))
        (i8x16.eq (v128.or (v128.load (local.get $other)) (local.get $otherMask)) (local.get $otherByte))))
      (local.set $b (v128.and
        (i8x16.eq (v128.or (v128.load offset=16 (local.get $one)) (local.get $oneMask)) (local.get $oneByte))
        (i8x16.eq (v128.or (v128.load offset=16 (local.get $other)) (local.get $otherMask)) (local.get $otherByte))))
      (local.set $c (v128.and
        (i8x16.eq (v128.or (v128.load offset=32 (local.get $one)) (local.get $oneMask)) (local.get $oneByte))
        (i8x16.eq (v128.or (v128.load offset=32 (local.get $other)) (local.get $otherMask)) (local.get $otherByte))))
      (local.set $d (v128.and
        (i8x16.eq (v128.or (v128.load offset=48 (local.get $one)) (local.get $oneMask)) (local.get $oneByte))
        (i8x16.eq (v128.or (v128.load offset=48 (local.get $other)) (local.get $otherMask)) (local.get $otherByte))))
      (if (v128.any_true (v128.or (v128.or (local.get $a) (local.get $b)) (v128.or (local.get $c) (local.get $d))))
        (then
          (local.set $bits (i64.or
            (i64.or
              (i64.extend_i32_u (i8x16.bitmask (local.get $a)))
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (local.get $b))) (i64.const 16)))
            (i64.or
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (local.get $c))) (i64.const 32))
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (local.get $d))) (i64.const 48)))))
          (loop $places
            (local.set $place (i32.add (local.get $at) (i32.wrap_i64 (i64.ctz (local.get $bits)))))
            (if (i32.gt_s (local.get $place) (local.get $last)) (then (return (i32.const -1))))
            (if (call $holds (local.get $needle) (local.get $place)) (then (return (local.get $place))))
            (local.set $bits (i64.and (local.get $bits) (i64.sub (local.get $bits) (i64.const 1))))
            (br_if $places (i64.ne (local.get $bits) (i64.const 0))))))
      (local.set $at (i32.add (local.get $at) (i32.const 64)))
      (br $step))
    (unreachable))

  ;; Whether the bytes from `place` on are in the needle's sets.
  (func $holds (param $needle i32) (param $place i32) (result i32)
    (local $set i32) (local $end i32) (local $byte i32)
    (local.set $set (i32.add (local.get $needle) (i32.const 0x20)))
    (local.set $end (i32.add (local.get $set)
      (i32.shl (i32.load offset=0x18 (local.get $needle)) (i32.const 5))))
    (loop $bytes
      (local.set $byte (i32.load8_u (local.get $place)))
      (if (i32.eqz (i32.and (i32.const 1) (i32.shr_u
          (i32.load8_u (i32.add (local.get $set) (i32.shr_u (local.get $byte) (i32.const 3))))
          (i32.and (local.get $byte) (i32.const 7)))))
        (then (return (i32.const 0))))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br_if $bytes (i32.lt_u
        (local.tee $set (i32.add (local.get $set) (i32.const 32)))
        (local.get $end))))
    (i32.const 1))

  ;; Where the line feed is that ends the line of `at`, or `end`.
  (func $lineEnd (param $at i32) (param $end i32) (result i32)
    (local $bits i32)
    (block $found (loop $step
      (br_if $found (local.tee $bits
        (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 10))))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $step (i32.lt_u (local.get $at) (local.get $end)))
      (return (local.get $end))))
    (local.set $at (i32.add (local.get $at) (i32.ctz (local.get $bits))))
    (select (local.get $at) (local.get $end) (i32.lt_u (local.get $at) (local.get $end))))

  ;; Writes the lines of the text from `from` to before `end` that hold a needle, at most `max`, and returns how many.
  ;; `from` is the first byte of a line; `needles` is where the needles end.
  (func (export "lines") (param $from i32) (param $end i32) (param $needles i32) (param $max i32) (result i32)
    (local $needle i32) (local $nearest i32) (local $place i32) (local $out i32) (local $stop i32)
    (local.set $out (i32.const 0x10000))
    (local.set $stop (i32.add (local.get $out) (i32.shl (local.get $max) (i32.const 3))))
    (loop $all
      (i32.store offset=0x1c (local.get $needle) (call $find (local.get $needle) (local.get $from) (local.get $end)))
      (br_if $all (i32.lt_u
        (local.tee $needle (i32.add (local.get $needle) (i32.const 0x1100)))
        (local.get $needles))))
    (block $done (loop $line
      ;; The nearest occurrence, each looked for again where it lies before this line. None, -1, is above all.
      (local.set $nearest (i32.const -1))
      (local.set $needle (i32.const 0))
      (loop $each
        (local.set $place (i32.load offset=0x1c (local.get $needle)))
        (if (i32.lt_u (local.get $place) (local.get $from)) (then
          (local.set $place (call $find (local.get $needle) (local.get $from) (local.get $end)))
          (i32.store offset=0x1c (local.get $needle) (local.get $place))))
        (local.set $nearest (select (local.get $place) (local.get $nearest)
          (i32.lt_u (local.get $place) (local.get $nearest))))
        (br_if $each (i32.lt_u
          (local.tee $needle (i32.add (local.get $needle) (i32.const 0x1100)))
          (local.get $needles))))
      (br_if $done (i32.eq (local.get $nearest) (i32.const -1)))
      (local.set $place (local.get $nearest))
      (block $begins (loop $back
        (br_if $begins (i32.eq (local.get $place) (local.get $from)))
        (br_if $begins (i32.eq (i32.load8_u (i32.sub (local.get $place) (i32.const 1))) (i32.const 10)))
        (local.set $place (i32.sub (local.get $place) (i32.const 1)))
        (br $back)))
      (i32.store (local.get $out) (local.get $place))
      (local.set $place (call $lineEnd (local.get $nearest) (local.get $end)))
      (i32.store offset=4 (local.get $out) (local.get $place))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (local.set $from (i32.add (local.get $place) (i32.const 1)))
      (br_if $line (i32.and
        (i32.lt_u (local.get $out) (local.get $stop))
        (i32.lt_u (local.get $from) (local.get $end))))))
    (i32.shr_u (i32.sub (local.get $out) (i32.const 0x10000)) (i32.const 3))))
