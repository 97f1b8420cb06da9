import { describe, expect, it } from 'vitest';
import { createPlaces, type Urgency } from '../../../src/session/remote/http/places.ts';
import { createReopening } from '../../../src/session/remote/reopening.ts';

describe('the places for requests to a server', () => {
  const taken = (places: ReturnType<typeof createPlaces>, urgency: Urgency): number => {
    let count = 0;
    for (; places.hasRoom(urgency); count += 1) places.take(urgency);
    return count;
  };

  it('are eight for what is urgent and eight for notices, however many calls there are', () => {
    const places = createPlaces(2);
    expect(taken(places, 'call')).toBe(2);
    expect(taken(places, 'urgent')).toBe(8);
    expect(taken(places, 'notice')).toBe(8);
  });

  it('are those of calls, too, for what is urgent, while no call has them', () => {
    const places = createPlaces(2);
    expect(taken(places, 'urgent')).toBe(10);
    expect(taken(places, 'call')).toBe(2);
  });
});

describe('a stream that a server asks to open again in days', () => {
  it('is opened again after ten minutes, and after one where the server asks for nothing', () => {
    const reopening = createReopening({ leastMs: 500, firstMs: 1_000 });
    expect(reopening.next(86_400_000)).toBe(600_000);
    expect(reopening.next(86_400_000)).toBe(600_000);
    for (let count = 0; count < 100; count += 1) reopening.next(null);
    expect(reopening.next(null)).toBe(60_000);
    expect(reopening.next(0)).toBe(60_000);
    reopening.succeeded();
    expect(reopening.next(0)).toBe(500);
  });
});
