import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../support/processes.ts';
import { outcomeOf, type PeerOptions, type RecordedSession, sessionsVia, ways } from '../sessions.ts';

describe.each(ways)('a session %s', (_way, via) => {
  const { openPeer, openReadyPeer } = sessionsVia(via);
  const open: RecordedSession[] = [];

  async function ready(options?: PeerOptions) {
    const opened = await openReadyPeer(options);
    open.push(opened);
    const call = (options?: Parameters<typeof opened.session.request>[2]) =>
      opened.session.request('tools/call', { name: 'work' }, options);
    return { ...opened, call };
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ close }) => close()));
  });

  describe('a call to a ready session', () => {
    it('resolves with the result as it was sent, unknown fields included', async () => {
      const { peer, call } = await ready();
      const result = call();
      const sent = { content: [{ type: 'hologram', depth: 3 }], resultType: 'complete', unheardOf: { deep: [1] } };
      peer.answer((await peer.called(1))[0], sent);
      expect(await result).toEqual(sent);
    });

    it('rejects with the code, message and data of an error answer', async () => {
      const { peer, call } = await ready();
      const result = call();
      peer.send({
        id: (await peer.called(1))[0]?.id ?? 0,
        error: { code: -32050, message: 'too hot', data: { celsius: 99 } },
      });
      await expect(result).rejects.toMatchObject({
        code: 'UPSTREAM_ERROR',
        details: { rpcCode: -32050, rpcMessage: 'too hot', data: { celsius: 99 } },
      });
    });

    it('rejects when an answer is neither a result nor an error, or its error is misshapen', async () => {
      const { peer, call } = await ready();
      const results = [call(), call()];
      await peer.called(2);
      peer.send({ id: peer.calls[0]?.id ?? 0 });
      peer.send({ id: peer.calls[1]?.id ?? 0, error: 'just a word' });
      expect(await Promise.all(results.map(outcomeOf))).toEqual(['UPSTREAM_ERROR', 'UPSTREAM_ERROR']);
    });

    it('takes an answer under the id as a string', async () => {
      const { peer, call } = await ready();
      const result = call();
      peer.send({ id: String((await peer.called(1))[0]?.id), result: { content: [] } });
      expect(await result).toEqual({ content: [] });
    });

    it('sends no progress token unless somebody listens, and meta unchanged but for it', async () => {
      const { peer, call } = await ready();
      const results = [
        call(),
        call({ meta: { traceparent: '00-1', progressToken: 'foreign' } }),
        call({ meta: { traceparent: '00-2' }, onProgress: () => {} }),
      ];
      await peer.called(3);
      expect(peer.calls.map(({ params }) => params?._meta)).toEqual([
        undefined,
        { traceparent: '00-1' },
        { traceparent: '00-2', progressToken: peer.calls[2]?.id },
      ]);
      for (const sent of peer.calls) peer.answer(sent, {});
      await Promise.all(results);
    });

    it('hears of progress before its result, and not after it', async () => {
      const { peer, call } = await ready();
      const heard: unknown[] = [];
      const result = call({ onProgress: (progress) => heard.push(progress) }).then(() => heard.push('result'));
      await peer.called(1);
      peer.progress(peer.calls[0], 1);
      peer.progress(peer.calls[0], 2);
      peer.answer(peer.calls[0], {});
      peer.progress(peer.calls[0], 3);
      await result;
      expect(heard).toEqual([{ progress: 1 }, { progress: 2 }, 'result']);
    });

    it('survives a progress callback that throws', async () => {
      const { peer, call } = await ready();
      let heard = 0;
      const result = call({
        onProgress: () => {
          heard += 1;
          throw new Error('a bug of the caller');
        },
      });
      await peer.called(1);
      peer.progress(peer.calls[0], 1);
      peer.progress(peer.calls[0], 2);
      peer.answer(peer.calls[0], { content: [] });
      expect(await result).toEqual({ content: [] });
      expect(heard).toBe(2);
    });

    it('leaves nothing behind after a thousand', async () => {
      const { peer, call, report } = await ready({ settings: { maxConcurrentCalls: 1_000 } });
      const controller = new AbortController();
      const timers = () =>
        process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate').length;
      const before = timers();
      const results = Array.from({ length: 1_000 }, () => call({ signal: controller.signal, onProgress: () => {} }));
      await peer.called(1_000);
      for (let index = 0; index < 1_000; index += 1) peer.answer(peer.calls[index], {});
      await Promise.all(results);
      expect((await report()).inFlight).toBe(0);
      await until('its timers are gone', () => timers() <= before);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      controller.abort();
      expect(peer.sent('notifications/cancelled')).toEqual([]);
    });
  });

  describe('a call that takes too long', () => {
    it('rejects, tells the server, and ignores the late answer', async () => {
      const { peer, call, report } = await ready();
      await expect(call({ timeoutMs: 20 })).rejects.toMatchObject({
        code: 'CALL_TIMED_OUT',
        details: { timeoutMs: 20 },
      });
      expect(peer.sent('notifications/cancelled')[0]?.params?.requestId).toBe(peer.calls[0]?.id);
      peer.answer(peer.calls[0], {});
      expect((await report()).inFlight).toBe(0);
    });

    it('has its time counted from the queue on, and is then never sent', async () => {
      const { peer, call } = await ready({ settings: { maxConcurrentCalls: 1 } });
      const first = call();
      await expect(call({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'CALL_TIMED_OUT' });
      expect(peer.calls).toHaveLength(1);
      expect(peer.sent('notifications/cancelled')).toEqual([]);
      peer.answer(peer.calls[0], {});
      await first;
    });

    it('lives on while it reports progress, but not beyond callMaxMs', async () => {
      const { peer, call } = await ready({ settings: { callMaxMs: 600 } });
      const startedAt = performance.now();
      const result = outcomeOf(call({ timeoutMs: 150, onProgress: () => {} }));
      const reports = setInterval(() => peer.progress(peer.calls[0], 1), 20);
      try {
        expect(await result).toBe('CALL_TIMED_OUT');
        expect(performance.now() - startedAt).toBeGreaterThanOrEqual(590);
      } finally {
        clearInterval(reports);
      }
    });

    it('may not outlive callMaxMs by asking for more', async () => {
      const { call } = await ready({ settings: { callMaxMs: 20 } });
      await expect(call({ timeoutMs: Number.POSITIVE_INFINITY })).rejects.toMatchObject({
        code: 'CALL_TIMED_OUT',
        details: { timeoutMs: 20 },
      });
    });

    it('takes the default for a time that is none', async () => {
      const { call } = await ready({ settings: { callTimeoutMs: 20 } });
      const results = [call(), call({ timeoutMs: Number.NaN }), call({ timeoutMs: -1 })];
      expect(await Promise.all(results.map(outcomeOf))).toEqual(['CALL_TIMED_OUT', 'CALL_TIMED_OUT', 'CALL_TIMED_OUT']);
    });

    it('is answered nevertheless if the answer lay there when our own loop came back', async () => {
      const { peer, call } = await ready();
      const result = outcomeOf(call({ timeoutMs: 30 }));
      // Input is read after the timers have run: so is this.
      setTimeout(() => setImmediate(() => peer.answer(peer.calls[0], {})), 10);
      await turn();
      const blockedUntil = performance.now() + 60;
      while (performance.now() < blockedUntil);
      expect(await result).toBe('done');
    });
  });

  describe('a call that is cancelled', () => {
    it('rejects, tells the server, and lets go of the signal', async () => {
      const { peer, call } = await ready();
      const controller = new AbortController();
      const result = outcomeOf(call({ signal: controller.signal }));
      await peer.called(1);
      controller.abort();
      expect(await result).toBe('CALL_CANCELLED');
      expect(peer.sent('notifications/cancelled').map(({ params }) => params?.requestId)).toEqual([peer.calls[0]?.id]);
      peer.answer(peer.calls[0], {});
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    });

    it('is not sent when the signal was aborted before, or while it waited', async () => {
      const { peer, call } = await ready({ settings: { maxConcurrentCalls: 1 } });
      const first = call();
      const controller = new AbortController();
      const waiting = outcomeOf(call({ signal: controller.signal }));
      controller.abort();
      expect(await waiting).toBe('CALL_CANCELLED');
      expect(await outcomeOf(call({ signal: AbortSignal.abort() }))).toBe('CALL_CANCELLED');
      expect(await peer.called(1)).toHaveLength(1);
      peer.answer(peer.calls[0], {});
      await first;
    });
  });

  describe('more calls than a server takes', () => {
    it('keeps so many in flight, so many waiting in their order, and refuses the rest at once', async () => {
      const { peer, call, report, queues } = await ready({ settings: { maxConcurrentCalls: 2, maxQueuedCalls: 3 } });
      const order: number[] = [];
      const results = [0, 1, 2, 3, 4].map((number) => call().then(() => order.push(number)));
      await expect(call()).rejects.toMatchObject({ code: 'SERVER_BUSY', details: { queued: 3 } });
      await queues(3);
      expect((await report()).inFlight).toBe(2);
      for (let index = 0; index < 5; index += 1) {
        const calls = await peer.called(index + 1);
        expect(calls.length).toBeLessThanOrEqual(index + 2);
        peer.answer(calls[index], {});
      }
      await Promise.all(results);
      expect(order).toEqual([0, 1, 2, 3, 4]);
      await queues(0);
      expect((await report()).inFlight).toBe(0);
    });

    it('goes through a long queue of a peer that answers within the send', async () => {
      const opened = await openReadyPeer({
        settings: { maxConcurrentCalls: 1, maxQueuedCalls: 50_000 },
        answers: { 'tools/call': ({ name } = {}) => (name === 'slow' ? null : { result: {} }) },
      });
      open.push(opened);
      const { session, peer, queues } = opened;
      const slow = session.request('tools/call', { name: 'slow' });
      const results = Array.from({ length: 50_000 }, () => session.request('tools/call', { name: 'fast' }));
      await queues(50_000);
      peer.answer(peer.calls[0], {});
      expect(await Promise.all([slow, ...results])).toHaveLength(50_001);
      await queues(0);
    });
  });

  describe('calls around the life of a session', () => {
    it('are refused before it is ready', async () => {
      const opened = openPeer();
      open.push(opened);
      await expect(opened.session.request('tools/call', {})).rejects.toMatchObject({
        code: 'SERVER_NOT_CONNECTED',
        details: { state: 'starting' },
      });
    });

    it('fail at once after a polite end if they wait, or come later', async () => {
      const { peer, call, session } = await ready({ settings: { maxConcurrentCalls: 1 } });
      void outcomeOf(call());
      const waiting = outcomeOf(call());
      session.end('close');
      expect(await waiting).toBe('SERVER_NOT_CONNECTED');
      expect(await outcomeOf(call())).toBe('SERVER_NOT_CONNECTED');
      expect(peer.calls).toHaveLength(1);
    });

    it.each(['terminate', 'kill'] as const)('fail at once with an unknown outcome on %s', async (kind) => {
      const { call, session, heard } = await ready();
      const result = outcomeOf(call());
      session.end(kind);
      expect(await result).toBe('OUTCOME_UNKNOWN');
      expect(await heard('ended')).toEqual({ type: 'ended', failure: null });
    });

    it('fail with an unknown outcome when the other side closes', async () => {
      const { peer, call, heard } = await ready();
      const result = outcomeOf(call());
      await peer.called(1);
      await peer.close();
      expect(await result).toBe('OUTCOME_UNKNOWN');
      expect((await heard('ended')).failure).toMatchObject({ class: 'disconnected', phase: 'connected' });
      await expect(call()).rejects.toMatchObject({
        code: 'SERVER_NOT_CONNECTED',
        details: { state: 'stopping', reason: 'disconnected' },
      });
    });
  });

  describe('what a session says of its use', () => {
    it('counts quiet and unused time, and no unused time while a call is open', async () => {
      const { peer, call, report, news } = await ready();
      await until('it has been quiet', async () => {
        const { quietForMs, unusedForMs } = await report();
        return quietForMs > 500 && unusedForMs > 500;
      });
      const result = call();
      await peer.called(1);
      const busy = await report();
      expect(busy).toMatchObject({ inFlight: 1, unusedForMs: 0, lagMs: 0, usedCpu: false });
      expect(busy.quietForMs).toBeGreaterThan(500);
      peer.send({ method: 'notifications/message', params: { level: 'info', data: 'life' } });
      expect((await report()).quietForMs).toBeLessThan(500);
      peer.answer(peer.calls[0], {});
      await result;
      expect((await report()).inFlight).toBe(0);
      const questions = news.flatMap((told) => (told.type === 'heard' ? [told.question] : []));
      expect(questions).toEqual(questions.map((_, index) => index + 1));
    });
  });

  describe('new limits', () => {
    it('let calls go that wait, and are what later ones go by', async () => {
      const { peer, call, session, queues } = await ready({
        settings: { maxConcurrentCalls: 1, callTimeoutMs: 60_000 },
      });
      const results = [call(), call(), call()].map(outcomeOf);
      await queues(2);
      session.limit({ callTimeoutMs: 20, callMaxMs: 60_000, maxConcurrentCalls: 3, maxQueuedCalls: 0 });
      await peer.called(3);
      expect(await outcomeOf(call())).toBe('SERVER_BUSY');
      for (const sent of peer.calls) peer.answer(sent, {});
      expect(await Promise.all(results)).toEqual(['done', 'done', 'done']);
      expect(await outcomeOf(call())).toBe('CALL_TIMED_OUT');
    });
  });

  describe('what a session tells of its calls', () => {
    const answers = { 'tools/call': () => ({ result: {} }) };
    const told = ({ news }: Pick<RecordedSession, 'news'>) => news.filter(({ type }) => type === 'loaded').length;

    it('is nothing while none of them waits', async () => {
      const opened = await ready({ answers });
      for (let index = 0; index < 1_000; index += 1) await opened.call();
      await opened.report();
      opened.session.end('close');
      await opened.heard('ended');
      expect(told(opened)).toBe(0);
    });

    it('costs a caller nothing to speak of: a thousand that wait in turn are told a few times', async () => {
      const opened = await ready({ answers, settings: { maxConcurrentCalls: 1 } });
      const startedAt = performance.now();
      for (let index = 0; index < 500; index += 1) await Promise.all([opened.call(), opened.call()]);
      const tookMs = performance.now() - startedAt;
      await opened.queues(0);
      expect(told(opened)).toBeLessThanOrEqual(tookMs / 10 + 2);
    });
  });
});
