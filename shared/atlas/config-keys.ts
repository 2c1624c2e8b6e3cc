/**
 * The keys of a Kafka connection's `config` that Atlas passes to the cluster. "If you declare any parameters not explicitly allowed,
 * Atlas Stream Processing ignores them", so any other key is a mistake, or an attempt at something else.
 * Source: MongoDB Atlas documentation, "Add a Kafka Connection" (mongodb/docs, kafka-connection.txt at df22e66b).
 */
const producerKeys = [
  'acks',
  'batch.size',
  'client.dns.lookup',
  'client.id',
  'compression.type',
  'connections.max.idle.ms',
  'delivery.timeout.ms',
  'enable.idempotence',
  'linger.ms',
  'max.in.flight.requests.per.connection',
  'message.max.bytes',
  'queue.buffering.max.messages',
  'request.timeout.ms',
  'retries',
  'transactional.id',
];
const consumerKeys = [
  'allow.auto.create.topics',
  'auto.offset.reset',
  'client.dns.lookup',
  'client.id',
  'connections.max.idle.ms',
  'fetch.max.bytes',
  'fetch.min.bytes',
  'group.id',
  'heartbeat.interval.ms',
  'isolation.level',
  'max.partition.fetch.bytes',
  'max.poll.interval.ms',
  'request.timeout.ms',
  'session.timeout.ms',
];

export const configKeys: ReadonlySet<string> = new Set([...producerKeys, ...consumerKeys].toSorted());
