/**
 * Stands in for `@smithy/core/event-streams` in the bundles: the SDK loads it where an operation streams events, and none of
 * Amazon MSK, Secrets Manager, Step Functions and SNS does.
 */
export class EventStreamSerde {
  constructor() {
    throw new Error('The bundles hold no event streams.');
  }
}
