// The one command that a call's limits cost on Redis: looks at every bucket, then takes from all or none.
import { WINDOW_SLICES } from '../window.ts';

/**
 * `KEYS`: counter and warning marker of each bucket. `ARGV`: the cost, then of each bucket how it is counted (`f`ixed
 * window, `l`og of times, `s`lices), its limit, the most it admits and its window in milliseconds.
 * Times are the server's own, in microseconds, so that the clocks of the nodes do not matter. Answers
 * `{1, tightest, left, reset, warned, excess}` with the last two as bit sets, or `{0, refusing, used, wait, reset}`,
 * buckets counted from 1 and times in milliseconds.
 */
export const TAKE_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost = tonumber(ARGV[1])
local SLICES = ${WINDOW_SLICES}
local buckets = {}
local refusing, longest = nil, -1

local function text(number) return string.format('%.0f', number) end

local function fixed(b)
  local state = redis.call('HMGET', b.key, 'count', 'start')
  b.used, b.start = tonumber(state[1]) or 0, tonumber(state[2]) or now
  if now - b.start >= b.window then b.used, b.start = 0, now end
  b.reset = b.start + b.window - now
  b.fresh = b.used == 0
end

local function log(b)
  local oldest = tonumber(redis.call('LINDEX', b.key, 0))
  while oldest and now - oldest >= b.window do
    redis.call('LPOP', b.key)
    oldest = tonumber(redis.call('LINDEX', b.key, 0))
  end
  b.used = redis.call('LLEN', b.key)
end

local function slices(b)
  b.length = b.window / SLICES
  b.slice = math.floor(now / b.length)
  local state = redis.call('HMGET', b.key, 'slice', 'total')
  local last = tonumber(state[1])
  b.used = tonumber(state[2]) or 0
  if last and last > b.slice then b.slice = last end
  if last and last < b.slice then
    for step = 1, math.min(b.slice - last, SLICES + 1) do
      local field = text((last + step) % (SLICES + 1))
      local left = tonumber(redis.call('HGET', b.key, field))
      if left then
        b.used = b.used - left
        redis.call('HDEL', b.key, field)
      end
    end
    redis.call('HSET', b.key, 'slice', text(b.slice), 'total', text(b.used))
  end
end

-- How long until all but 'keep' requests have left, in microseconds.
local function untilFreed(b, keep)
  if b.kind == 'f' then return b.reset end
  if b.kind == 'l' then return tonumber(redis.call('LINDEX', b.key, b.used - keep - 1)) + b.window - now end
  local freed = 0
  for slice = b.slice - SLICES, b.slice do
    freed = freed + (tonumber(redis.call('HGET', b.key, text(slice % (SLICES + 1)))) or 0)
    if freed >= b.used - keep then return (slice + SLICES + 1) * b.length - now end
  end
  return b.window
end

for index = 1, #KEYS / 2 do
  local at = index * 4 - 2
  local b = { key = KEYS[index * 2 - 1], marker = KEYS[index * 2], kind = ARGV[at],
    limit = tonumber(ARGV[at + 1]), most = tonumber(ARGV[at + 2]), window = tonumber(ARGV[at + 3]) * 1000 }
  if b.kind == 'f' then fixed(b) elseif b.kind == 'l' then log(b) else slices(b) end
  buckets[index] = b
  if b.used + cost > b.most then
    local wait = b.window
    if cost <= b.most then wait = untilFreed(b, b.most - cost) end
    if wait > longest then refusing, longest = index, wait end
  end
end

if refusing then
  local b = buckets[refusing]
  local reset = 0
  if b.used > 0 then reset = untilFreed(b, 0) end
  return { 0, refusing, b.used, math.ceil(longest / 1000), math.ceil(reset / 1000) }
end

local tightest, left, warned, excess = 0, nil, 0, 0
for index, b in ipairs(buckets) do
  local used = b.used + cost
  b.reset = b.reset or b.window
  if b.kind == 'f' then
    if b.fresh then
      redis.call('HSET', b.key, 'count', cost, 'start', text(b.start))
    else
      redis.call('HINCRBY', b.key, 'count', cost)
    end
  elseif b.kind == 'l' then
    for _ = 1, cost do redis.call('RPUSH', b.key, text(now)) end
  else
    redis.call('HINCRBY', b.key, text(b.slice % (SLICES + 1)), cost)
    redis.call('HSET', b.key, 'slice', text(b.slice), 'total', text(used))
    b.reset = (b.slice + SLICES + 1) * b.length - now
  end
  local expiry = math.ceil(b.reset / 1000)
  if b.kind ~= 'f' or b.fresh then redis.call('PEXPIRE', b.key, expiry + 1000) end
  if used >= b.limit * 0.8 and redis.call('SET', b.marker, '1', 'PX', math.max(1, expiry), 'NX') then
    warned = warned + 2 ^ (index - 1)
  end
  if used > b.limit then excess = excess + 2 ^ (index - 1) end
  if left == nil or b.limit - used < left then tightest, left = index, b.limit - used end
end
return { 1, tightest, math.max(0, left), math.ceil(buckets[tightest].reset / 1000), warned, excess }
`;
