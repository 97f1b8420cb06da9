import { describe, expect, it } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { Ending } from '../../src/session/ending.ts';
import type { LinkNews } from '../../src/session/link.ts';

const hung = failure('disconnected', 'The server closed its stdout and lives on.');
const death = failure('exited', 'The server exited with code 3.', { exitCode: 3 });

function tellAll(steps: (ending: Ending) => void): readonly LinkNews[] {
  const news: LinkNews[] = [];
  steps(new Ending((told) => news.push(told)));
  return news;
}

const last = { exitCode: 3, signal: null, stderrTail: [] };

describe('the end of a link', () => {
  it('has its first cause, to which later news adds the exit code', () => {
    const news = tellAll((ending) => {
      ending.tell({ type: 'failed', failure: hung });
      ending.tell({ type: 'failed', failure: failure('messageTooLarge', 'too large') });
      ending.learn(death);
      ending.tell({ type: 'exited', failure: death });
      ending.tell({ type: 'ended', failure: death });
    });
    expect(news).toEqual([
      { type: 'failed', failure: hung },
      { type: 'ended', failure: { ...hung, exitCode: 3 }, last },
    ]);
  });

  it('has none if it was asked for first; that something lingers is told all the same', () => {
    const news = tellAll((ending) => {
      ending.ask();
      ending.tell({ type: 'failed', failure: hung });
      ending.learn(death);
      ending.tell({ type: 'exited', failure: death });
      ending.tell({ type: 'ended', failure: death });
    });
    expect(news).toEqual([
      { type: 'exited', failure: death },
      { type: 'ended', failure: null, last },
    ]);
  });

  it('has the cause that was learned before it was asked for, told or not', () => {
    const news = tellAll((ending) => {
      ending.learn(death);
      ending.ask();
      ending.tell({ type: 'ended', failure: null });
    });
    expect(news).toEqual([{ type: 'ended', failure: death }]);
  });

  it('is told once, and nothing after it', () => {
    const news = tellAll((ending) => {
      ending.tell({ type: 'spawned', pid: 1, startTime: null });
      ending.tell({ type: 'ended', failure: null });
      ending.tell({ type: 'stderr', lines: ['late'] });
      ending.tell({ type: 'ended', failure: death });
    });
    expect(news.map(({ type }) => type)).toEqual(['spawned', 'ended']);
  });
});
