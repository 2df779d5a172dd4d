// What the cache asks of Redis, each in one round trip and as one step.

/**
 * KEYS: answer, then one per tag. ARGV: a new version, its seconds. Answers the versions and the text, if it holds.
 * A tag that is not known gets a version nobody had before: after Redis forgot it, nothing old can seem to hold.
 */
export const LOOK = `
local versions = {}
for i = 2, #KEYS do
  local version = redis.call('GET', KEYS[i])
  if not version then
    version = ARGV[1]
    redis.call('SET', KEYS[i], version, 'EX', ARGV[2])
  end
  versions[i - 1] = version
end
local current = table.concat(versions, ',')
local kept = redis.call('HMGET', KEYS[1], 'versions', 'text')
if kept[1] == current then return {current, kept[2]} end
return {current}
`;

/**
 * KEYS: answer, index of its partition. ARGV: versions, text, milliseconds to live, key, most answers, prefix of answers.
 * The index is ordered by the end of each answer; those that end first make room. Answers how many had to.
 */
export const KEEP = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'versions', ARGV[1], 'text', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[4])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
local evicted = 0
while redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[5]) do
  local first = redis.call('ZPOPMIN', KEYS[2])
  redis.call('DEL', ARGV[6] .. first[1])
  evicted = evicted + 1
end
return evicted
`;

/** KEYS: index. Answers the keys of the answers that still live. */
export const LIST = `
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] * 1000 + math.floor(time[2] / 1000))
return redis.call('ZRANGE', KEYS[1], 0, -1)
`;
