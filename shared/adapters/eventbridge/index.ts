export type { BusEvent } from './event-bus.ts';
export { EventBus, MAX_ENTRIES } from './event-bus.ts';
export { EVENT_SOURCE, EVENT_VERSION } from './event-schema.ts';
export type { EventBridgeEventsOptions } from './eventbridge-events.ts';
export { EventBridgeEvents } from './eventbridge-events.ts';
