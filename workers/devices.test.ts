import assert from 'node:assert/strict';
import { parseDevices, placementsOf, threadsOf, type Host } from './devices.js';

const HOST: Host = { visible: null, gpus: null, cores: 16, threads: null };
const visible = (of: Parameters<typeof placementsOf>[0], host: Partial<Host> = {}) =>
  placementsOf(of, { ...HOST, ...host }).map((one) => one.visible);

describe('the devices of a host', () => {
  it('are indices or ids, of GPUs and of parts of them', () => {
    assert.deepEqual(parseDevices('0, 3,11'), ['0', '3', '11']);
    const ids = ['GPU-8f3a1c2e-0b1d-4c9a-9f21-2d6c1e0a7b55', 'MIG-5b1e0c44-7c1a-5e0b-a1f2-000000000001'];
    assert.deepEqual(parseDevices(ids.join(',')), ids);
    assert.deepEqual(parseDevices('MIG-GPU-8f3a1c2e/1/0'), ['MIG-GPU-8f3a1c2e/1/0']);
  });

  it('are refused with the word that is none, and when one stands twice', () => {
    for (const text of ['', '0,', 'cuda:0', '-1', 'all', '0;1'])
      assert.throws(() => parseDevices(text), {
        exitCode: 2,
        message: /^--devices: expected indices or ids/,
      });
    assert.throws(() => parseDevices('0,1,0'), /expected each device once, got 0 twice/);
  });

  it('get a worker each', () => {
    assert.deepEqual(placementsOf({ device: 'auto', devices: ['0', 'MIG-1'] }, HOST), [
      { name: 'GPU worker 0', visible: '0' },
      { name: 'GPU worker MIG-1', visible: 'MIG-1' },
    ]);
  });

  it('are left to one worker where nothing is said', () => {
    assert.deepEqual(placementsOf({ device: 'auto' }, HOST), [{ name: 'GPU worker', visible: null }]);
  });

  it('are the first ones when workers are counted, of those that may be used', () => {
    assert.deepEqual(visible({ device: 'cuda', count: 3 }), ['0', '1', '2']);
    assert.deepEqual(visible({ device: 'auto', count: 2 }, { visible: 'GPU-a,GPU-b,GPU-c' }), [
      'GPU-a',
      'GPU-b',
    ]);
    assert.deepEqual(visible({ device: 'cpu', count: 2 }, { gpus: 1 }), [null, null]);
  });

  it('must be enough', () => {
    assert.throws(() => visible({ device: 'auto', count: 5 }, { gpus: 4 }), {
      exitCode: 2,
      message: '--count: expected at most the 4 devices of this host, got 5.',
    });
    assert.throws(
      () => visible({ device: 'cuda', count: 2 }, { visible: '7', gpus: 8 }),
      /1 devices of CUDA_VISIBLE/,
    );
  });

  it('are named or counted, not both, and not named for the CPU', () => {
    assert.throws(() => visible({ device: 'cuda', count: 1, devices: ['0'] }), /either this or --devices/);
    assert.throws(
      () => visible({ device: 'cpu', devices: ['0'] }),
      /expected --device cuda with it, got cpu/,
    );
  });
});

describe('the threads of a worker', () => {
  it('are one on the CPU, whatever is set, since bit-identity depends on their number', () => {
    assert.equal(threadsOf('cpu', 2, { ...HOST, threads: '8', gpus: 4 }), '1');
    assert.equal(threadsOf('auto', 1, { ...HOST, threads: '8' }), '1');
  });

  it('are its share of the cores beside a GPU, unless set', () => {
    assert.equal(threadsOf('cuda', 4, HOST), '4');
    assert.equal(threadsOf('auto', 3, { ...HOST, gpus: 4 }), '5');
    assert.equal(threadsOf('cuda', 64, HOST), '1');
    assert.equal(threadsOf('cuda', 4, { ...HOST, threads: '2' }), '2');
  });
});
