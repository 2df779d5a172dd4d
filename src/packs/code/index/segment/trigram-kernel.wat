;; The hot loops of indexing: the distinct trigrams of each block with the filter of its runs, and the sorting and
;; writing of posting lists. trigram-kernel.ts holds the other side; what the parts mean is said in trigram-collector.ts.
;;
;; Memory:
;;   0x000000  seen: a bit for each trigram. Those that hold a line feed are always set, so they are never new.
;;   0x200000  marks: a byte for each bit of the filter of the block in work
;;   0x210000  filter of the block that was ended last
;;   0x213000  first chunk of each first byte, 0x213400 where its next pair goes
;;   0x213800  counts of the second byte, 0x213c00 counts of the third
;;   0x214000  the last bytes of the piece before, then at 0x214010 the piece of text in work, at most 64 KiB
;;   0x225000  keys, 0x265000 ends: of the lists of one first byte
;;   0x2b0000  trigrams: the distinct ones of some blocks, block after block, at most 1 MiB
;;   0x3b0000  pairs, in chunks of 4 KiB that each belong to one first byte; a chunk begins with where the next one is
;; Pairs have the other two bytes above and the number of the block below.
(module
  (memory (export "memory") 59)

  ;; Where the next trigram goes, and where those of the block in work begin.
  (global $top (export "top") (mut i32) (i32.const 0x2b0000))
  (global $first (mut i32) (i32.const 0x2b0000))
  ;; Where the next chunk goes.
  (global $free (export "free") (mut i32) (i32.const 0x3b0000))
  ;; Where the lists that `encode` wrote last end.
  (global $written (export "written") (mut i32) (i32.const 0))

  ;; Forgets which trigrams were seen, but for those that hold a line feed. Rows of 32 bytes stand for two first bytes.
  (func (export "forget") (local $row i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 0x200000))
    (loop $rows
      (i32.store (i32.shl (local.get $row) (i32.const 5)) (i32.const 0x400))
      (if (i32.eq (i32.and (local.get $row) (i32.const 0xff)) (i32.const 10))
        (then (memory.fill (i32.shl (local.get $row) (i32.const 5)) (i32.const 0xff) (i32.const 32))))
      (br_if $rows (i32.lt_u
        (local.tee $row (i32.add (local.get $row) (i32.const 1)))
        (i32.const 0x10000))))
    (memory.fill (i32.const 0x14000) (i32.const 0xff) (i32.const 0x2000)))

  ;; Forgets all blocks.
  (func (export "reset")
    (global.set $top (i32.const 0x2b0000))
    (global.set $free (i32.const 0x3b0000))
    (memory.fill (i32.const 0x213000) (i32.const 0) (i32.const 0x800)))

  ;; Begins a block: before it is a line feed.
  (func (export "begin")
    (i32.store (i32.const 0x21400c) (i32.const 0x0a0a0a0a))
    (global.set $first (global.get $top)))

  ;; Adds a piece of the block, which lies at 0x214010; `bits` are those of the block's filter. Returns its line feeds.
  (func (export "add") (param $length i32) (param $bits i32) (result i32)
    (local $at i32) (local $end i32) (local $feeds i32) (local $top i32)
    (local $scale v128) (local $bytes v128) (local $runs v128) (local $places v128) (local $words v128)
    (local $word i32) (local $key i32) (local $address i32)
    ;; Line feeds fill up the last step: nothing that holds one is new.
    (v128.store (i32.add (i32.const 0x214010) (local.get $length)) (i8x16.splat (i32.const 10)))
    (local.set $at (i32.const 0x214010))
    (local.set $end (i32.add (i32.const 0x214010) (local.get $length)))
    ;; Folds ASCII letters and counts line feeds.
    (block $folded (loop $fold
      (br_if $folded (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $bytes (v128.load (local.get $at)))
      (local.set $feeds (i32.add (local.get $feeds) (i32.popcnt
        (i8x16.bitmask (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 10)))))))
      (v128.store (local.get $at) (v128.or (local.get $bytes) (v128.and
        (i8x16.lt_u (i8x16.sub (local.get $bytes) (i8x16.splat (i32.const 0x41))) (i8x16.splat (i32.const 26)))
        (i8x16.splat (i32.const 0x20)))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $fold)))
    ;; Those that filled up were counted too.
    (local.set $feeds (i32.sub (local.get $feeds) (i32.sub (local.get $at) (local.get $end))))
    (local.set $at (i32.const 0x214010))
    (local.set $top (global.get $top))
    (local.set $scale (i32x4.splat (local.get $bits)))
    (block $added (loop $step
      (br_if $added (i32.ge_u (local.get $at) (local.get $end)))
      ;; Four runs, each four bytes with the first one highest.
      (local.set $bytes (v128.load (i32.sub (local.get $at) (i32.const 3))))
      (local.set $runs (i8x16.shuffle 3 2 1 0 4 3 2 1 5 4 3 2 6 5 4 3 (local.get $bytes) (local.get $bytes)))
      (local.set $places
        (i32x4.shr_u (i32x4.mul
          (i32x4.shr_u (i32x4.mul (local.get $runs) (i32x4.splat (i32.const 0x9e3779b1))) (i32.const 16))
          (local.get $scale)) (i32.const 16)))
      (i32.store8 offset=0x200000 (i32x4.extract_lane 0 (local.get $places)) (i32.const 0xff))
      (i32.store8 offset=0x200000 (i32x4.extract_lane 1 (local.get $places)) (i32.const 0xff))
      (i32.store8 offset=0x200000 (i32x4.extract_lane 2 (local.get $places)) (i32.const 0xff))
      (i32.store8 offset=0x200000 (i32x4.extract_lane 3 (local.get $places)) (i32.const 0xff))
      ;; The word of each trigram's bit. The trigram is always written, and kept where its bit was not set: every fifth
      ;; is new, which no processor predicts.
      (local.set $words (v128.and (i32x4.shr_u (local.get $runs) (i32.const 3)) (i32x4.splat (i32.const 0x1ffffc))))
      (local.set $runs (v128.and (local.get $runs) (i32x4.splat (i32.const 0xffffff))))
      (local.set $key (i32x4.extract_lane 0 (local.get $runs)))
      (local.set $address (i32x4.extract_lane 0 (local.get $words)))
      (local.set $word (i32.load (local.get $address)))
      (i32.store (local.get $address) (i32.or (local.get $word) (i32.shl (i32.const 1) (local.get $key))))
      (i32.store (local.get $top) (local.get $key))
      (local.set $top (i32.add (local.get $top) (i32.and (i32.const 4)
        (i32.shl (i32.xor (i32.const -1) (i32.shr_u (local.get $word) (local.get $key))) (i32.const 2)))))
      (local.set $key (i32x4.extract_lane 1 (local.get $runs)))
      (local.set $address (i32x4.extract_lane 1 (local.get $words)))
      (local.set $word (i32.load (local.get $address)))
      (i32.store (local.get $address) (i32.or (local.get $word) (i32.shl (i32.const 1) (local.get $key))))
      (i32.store (local.get $top) (local.get $key))
      (local.set $top (i32.add (local.get $top) (i32.and (i32.const 4)
        (i32.shl (i32.xor (i32.const -1) (i32.shr_u (local.get $word) (local.get $key))) (i32.const 2)))))
      (local.set $key (i32x4.extract_lane 2 (local.get $runs)))
      (local.set $address (i32x4.extract_lane 2 (local.get $words)))
      (local.set $word (i32.load (local.get $address)))
      (i32.store (local.get $address) (i32.or (local.get $word) (i32.shl (i32.const 1) (local.get $key))))
      (i32.store (local.get $top) (local.get $key))
      (local.set $top (i32.add (local.get $top) (i32.and (i32.const 4)
        (i32.shl (i32.xor (i32.const -1) (i32.shr_u (local.get $word) (local.get $key))) (i32.const 2)))))
      (local.set $key (i32x4.extract_lane 3 (local.get $runs)))
      (local.set $address (i32x4.extract_lane 3 (local.get $words)))
      (local.set $word (i32.load (local.get $address)))
      (i32.store (local.get $address) (i32.or (local.get $word) (i32.shl (i32.const 1) (local.get $key))))
      (i32.store (local.get $top) (local.get $key))
      (local.set $top (i32.add (local.get $top) (i32.and (i32.const 4)
        (i32.shl (i32.xor (i32.const -1) (i32.shr_u (local.get $word) (local.get $key))) (i32.const 2)))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $step)))
    (global.set $top (local.get $top))
    ;; What the next piece has before it.
    (i32.store (i32.const 0x21400c) (i32.load (i32.sub (local.get $end) (i32.const 4))))
    (local.get $feeds))

  ;; Unsees the trigrams of the block in work.
  (func (export "unsee") (local $at i32) (local $key i32)
    (local.set $at (global.get $first))
    (block $unseen (loop $each
      (br_if $unseen (i32.ge_u (local.get $at) (global.get $top)))
      (local.set $key (i32.load (local.get $at)))
      ;; What is left of a word is the line feed among the first 32 third bytes.
      (i32.store
        (i32.and (i32.shr_u (local.get $key) (i32.const 3)) (i32.const 0x1ffffc))
        (i32.shl (i32.eqz (i32.and (local.get $key) (i32.const 0xe0))) (i32.const 10)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $each))))

  ;; Keeps the trigrams `from..to` as pairs of a block.
  (func (export "keep") (param $from i32) (param $to i32) (param $block i32)
    (local $key i32) (local $place i32) (local $target i32) (local $chunk i32)
    (block $kept (loop $each
      (br_if $kept (i32.ge_u (local.get $from) (local.get $to)))
      (local.set $key (i32.load (local.get $from)))
      (local.set $place (i32.and (i32.shr_u (local.get $key) (i32.const 14)) (i32.const 0x3fc)))
      (local.set $target (i32.load offset=0x213400 (local.get $place)))
      ;; At the end of a chunk, and before there is one.
      (if (i32.eqz (i32.and (local.get $target) (i32.const 0xfff))) (then
        (local.set $chunk (global.get $free))
        (global.set $free (i32.add (local.get $chunk) (i32.const 0x1000)))
        (if (i32.eqz (local.get $target))
          (then (i32.store offset=0x213000 (local.get $place) (local.get $chunk)))
          (else (i32.store (i32.sub (local.get $target) (i32.const 0x1000)) (local.get $chunk))))
        (local.set $target (i32.add (local.get $chunk) (i32.const 4)))))
      (i32.store (local.get $target) (i32.or (i32.shl (local.get $key) (i32.const 16)) (local.get $block)))
      (i32.store offset=0x213400 (local.get $place) (i32.add (local.get $target) (i32.const 4)))
      (local.set $from (i32.add (local.get $from) (i32.const 4)))
      (br $each))))

  ;; Makes room for trigrams: all of them are kept.
  (func (export "rewind")
    (global.set $top (i32.const 0x2b0000)))

  ;; Puts the filter of a block together, which has `bits`, and clears its marks.
  (func (export "filter") (param $bits i32) (local $at i32)
    (loop $pack
      (i32.store16 offset=0x210000 (i32.shr_u (local.get $at) (i32.const 3))
        (i8x16.bitmask (v128.load offset=0x200000 (local.get $at))))
      (v128.store offset=0x200000 (local.get $at) (v128.const i64x2 0 0))
      (br_if $pack (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 16)))
        (local.get $bits)))))

  ;; Bytes of the pairs of a first byte.
  (func (export "size") (param $first i32) (result i32)
    (local $chunk i32) (local $end i32) (local $size i32)
    (local.set $chunk (i32.load offset=0x213000 (i32.shl (local.get $first) (i32.const 2))))
    (local.set $end (i32.load offset=0x213400 (i32.shl (local.get $first) (i32.const 2))))
    (if (i32.eqz (local.get $end)) (then (return (i32.const 0))))
    ;; The last chunk is the one in which, or right behind which, the next pair would go.
    (block $counted (loop $count
      (br_if $counted (i32.le_u (i32.sub (local.get $end) (local.get $chunk)) (i32.const 0x1000)))
      (local.set $size (i32.add (local.get $size) (i32.const 0xffc)))
      (local.set $chunk (i32.load (local.get $chunk)))
      (br $count)))
    (i32.add (local.get $size) (i32.sub (i32.sub (local.get $end) (local.get $chunk)) (i32.const 4))))

  ;; Puts the pairs of a first byte, which take `size`, to `from` and sorts them by their two bytes. That is stable, so
  ;; blocks stay in order. `room` has as much place again.
  (func (export "sort") (param $first i32) (param $size i32) (param $from i32) (param $room i32)
    (local $at i32) (local $end i32) (local $stop i32) (local $chunk i32) (local $distance i32)
    (local $pair i32) (local $place i32) (local $target i32)
    (memory.fill (i32.const 0x213800) (i32.const 0) (i32.const 0x800))
    (local.set $chunk (i32.load offset=0x213000 (i32.shl (local.get $first) (i32.const 2))))
    (local.set $at (local.get $from))
    (local.set $end (i32.add (local.get $from) (local.get $size)))
    ;; Copies chunk by chunk and counts both bytes.
    (block $gathered (loop $gather
      (br_if $gathered (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $distance (i32.sub (local.get $chunk) (local.get $at)))
      (local.set $stop (i32.sub (local.get $end) (local.get $at)))
      (local.set $stop (i32.add (local.get $at)
        (select (local.get $stop) (i32.const 0xffc) (i32.lt_u (local.get $stop) (i32.const 0xffc)))))
      (loop $copy
        (local.set $pair (i32.load offset=4 (i32.add (local.get $distance) (local.get $at))))
        (i32.store (local.get $at) (local.get $pair))
        (local.set $place (i32.and (i32.shr_u (local.get $pair) (i32.const 22)) (i32.const 0x3fc)))
        (i32.store offset=0x213800 (local.get $place)
          (i32.add (i32.load offset=0x213800 (local.get $place)) (i32.const 4)))
        (local.set $place (i32.and (i32.shr_u (local.get $pair) (i32.const 14)) (i32.const 0x3fc)))
        (i32.store offset=0x213c00 (local.get $place)
          (i32.add (i32.load offset=0x213c00 (local.get $place)) (i32.const 4)))
        (br_if $copy (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $stop))))
      (local.set $chunk (i32.load (local.get $chunk)))
      (br $gather)))
    (call $sum (i32.const 0x213c00) (local.get $room))
    (call $sum (i32.const 0x213800) (local.get $from))
    (local.set $at (local.get $from))
    (block $third (loop $each
      (br_if $third (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $pair (i32.load (local.get $at)))
      (local.set $place (i32.and (i32.shr_u (local.get $pair) (i32.const 14)) (i32.const 0x3fc)))
      (local.set $target (i32.load offset=0x213c00 (local.get $place)))
      (i32.store (local.get $target) (local.get $pair))
      (i32.store offset=0x213c00 (local.get $place) (i32.add (local.get $target) (i32.const 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $each)))
    (local.set $at (local.get $room))
    (local.set $end (i32.add (local.get $room) (local.get $size)))
    (block $second (loop $each
      (br_if $second (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $pair (i32.load (local.get $at)))
      (local.set $place (i32.and (i32.shr_u (local.get $pair) (i32.const 22)) (i32.const 0x3fc)))
      (local.set $target (i32.load offset=0x213800 (local.get $place)))
      (i32.store (local.get $target) (local.get $pair))
      (i32.store offset=0x213800 (local.get $place) (i32.add (local.get $target) (i32.const 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $each))))

  ;; Turns 256 sizes into where each begins, from `from` on.
  (func $sum (param $counts i32) (param $from i32) (local $end i32) (local $size i32)
    (local.set $end (i32.add (local.get $counts) (i32.const 0x400)))
    (loop $each
      (local.set $size (i32.load (local.get $counts)))
      (i32.store (local.get $counts) (local.get $from))
      (local.set $from (i32.add (local.get $from) (local.get $size)))
      (br_if $each (i32.lt_u
        (local.tee $counts (i32.add (local.get $counts) (i32.const 4)))
        (local.get $end)))))

  ;; Writes the lists of the sorted pairs `from..to` to `out` and returns how many there are. `bitmap` is the length of a
  ;; bitmap of all blocks, `first` the first byte of the trigrams, and `base` is added to the ends.
  (func (export "encode")
    (param $from i32) (param $to i32) (param $out i32) (param $bitmap i32) (param $first i32) (param $base i32)
    (result i32)
    (local $lists i32) (local $start i32) (local $room i32) (local $at i32)
    (local $key i32) (local $block i32) (local $previous i32) (local $gap i32) (local $target i32)
    (local.set $start (local.get $out))
    (block $encoded (loop $list
      (br_if $encoded (i32.ge_u (local.get $from) (local.get $to)))
      (local.set $key (i32.load16_u offset=2 (local.get $from)))
      (local.set $at (local.get $from))
      (local.set $target (local.get $out))
      (local.set $room (i32.add (local.get $out) (local.get $bitmap)))
      (local.set $previous (i32.const -1))
      (block $gapped (loop $gaps
        (if (i32.lt_u (local.get $target) (local.get $room)) (then
          (local.set $block (i32.load16_u (local.get $at)))
          (local.set $gap (i32.sub (i32.sub (local.get $block) (local.get $previous)) (i32.const 1)))
          (local.set $previous (local.get $block))
          (block $last (loop $more
            (br_if $last (i32.lt_u (local.get $gap) (i32.const 0x80)))
            (i32.store8 (local.get $target) (i32.or (local.get $gap) (i32.const 0x80)))
            (local.set $target (i32.add (local.get $target) (i32.const 1)))
            (local.set $gap (i32.shr_u (local.get $gap) (i32.const 7)))
            (br $more)))
          (i32.store8 (local.get $target) (local.get $gap))
          (local.set $target (i32.add (local.get $target) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $gapped (i32.ge_u (local.get $at) (local.get $to)))
        (br_if $gaps (i32.eq (i32.load16_u offset=2 (local.get $at)) (local.get $key)))))
      ;; A gap list is always shorter than a bitmap, by which the two are told apart.
      (if (i32.ge_u (local.get $target) (local.get $room)) (then
        (memory.fill (local.get $out) (i32.const 0) (local.get $bitmap))
        (loop $bits
          (local.set $block (i32.load16_u (local.get $from)))
          (local.set $target (i32.add (local.get $out) (i32.shr_u (local.get $block) (i32.const 3))))
          (i32.store8 (local.get $target) (i32.or (i32.load8_u (local.get $target))
            (i32.shl (i32.const 1) (i32.and (local.get $block) (i32.const 7)))))
          (br_if $bits (i32.lt_u
            (local.tee $from (i32.add (local.get $from) (i32.const 4)))
            (local.get $at))))
        (local.set $target (local.get $room))))
      (local.set $from (local.get $at))
      (local.set $out (local.get $target))
      (i32.store offset=0x225000 (local.get $lists)
        (i32.or (i32.shl (local.get $first) (i32.const 16)) (local.get $key)))
      (i32.store offset=0x265000 (local.get $lists)
        (i32.add (local.get $base) (i32.sub (local.get $out) (local.get $start))))
      (local.set $lists (i32.add (local.get $lists) (i32.const 4)))
      (br $list)))
    (global.set $written (local.get $out))
    (i32.shr_u (local.get $lists) (i32.const 2))))
