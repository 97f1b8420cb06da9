import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../src/text/error-words.ts';

class OwnError extends Error {}

const circular = new AggregateError([]);
circular.errors.push(circular);
const chain = new Error('a');
chain.cause = chain;

describe('what an error says', () => {
  it.each<[string, unknown, string]>([
    ['is its message', new Error('sealed'), 'sealed'],
    [
      'has the cause that it hides',
      new TypeError('fetch failed', { cause: new Error('bad port') }),
      'fetch failed: bad port',
    ],
    ['is the cause where it has no words', new Error('', { cause: new Error('', { cause: 'deep' }) }), 'deep'],
    ['repeats nothing', new Error('no: bad port', { cause: new Error('bad port') }), 'no: bad port'],
    ['is all that an error of its own class says', new OwnError('whole', { cause: new Error('more') }), 'whole'],
    ['is what each attempt says', new AggregateError([new Error('v6 no'), new Error('v4 no')]), 'v6 no; v4 no'],
    ['is a text that was thrown', 'sealed', 'sealed'],
    ['is the message of what is no error', { message: 'sealed' }, 'sealed'],
    ['is its kind where nothing has words', new RangeError(), 'RangeError without a message'],
    ['is that there is nothing, where nothing was thrown', undefined, 'undefined was thrown'],
    ['can be said of anything', Object.create(null), 'something without a message was thrown'],
    ['can be said of what is its own cause', chain, 'a'],
    ['can be said of what is one of its own attempts', circular, 'AggregateError without a message'],
  ])('%s', (_what, thrown, words) => {
    expect(wordsOf(thrown)).toBe(words);
  });

  it('has an end', () => {
    expect(wordsOf(new Error('x'.repeat(1e6))).length).toBe(1_000);
  });
});
