import { describe, expect, it } from 'vitest';
import { estimateOf, fitParts, fitReasons, fitTone, fitUse, type Fit, type Machine } from './fit';

const GB = 1e9;

function fit(more: Partial<Fit> = {}): Fit {
  return {
    verdict: 'fits',
    gives_way: [],
    weights_bytes: 4 * GB,
    process_bytes: 0.1 * GB,
    kv_cache_bytes: 2 * GB,
    kept_prompts_bytes: 1.9 * GB,
    needed_bytes: 8 * GB,
    least_bytes: 4.2 * GB,
    other_models_bytes: 2 * GB,
    budget_bytes: 20 * GB,
    context_tokens: 8192,
    concurrency: 4,
    kv_bytes_per_token: 61_000,
    max_context_tokens: 32_768,
    explanation: '',
    ...more
  };
}

const machine = (more: Partial<Machine> = {}): Machine => ({
  budget_bytes: 20 * GB,
  setting_bytes: 20 * GB,
  machine_bytes: 32 * GB,
  cgroup_bytes: null,
  device_bytes: null,
  available_bytes: 16 * GB,
  held_bytes: 0,
  widens_half: false,
  ...more
});

describe('fitParts', () => {
  it('lays the parts out against the budget, what others hold first', () => {
    const { parts, budgetShare } = fitParts(fit());
    expect(parts.map(({ kind, share }) => [kind, share])).toEqual([
      ['others', 0.1],
      ['weights', 0.2],
      ['process', 0.005],
      ['kv', 0.1],
      ['prompts', 0.095]
    ]);
    expect(budgetShare).toBe(1);
  });

  it('shows where the budget ends when more is needed', () => {
    const { parts, budgetShare } = fitParts(fit({ budget_bytes: 5 * GB }));
    expect(budgetShare).toBe(0.5);
    expect(parts.reduce((sum, part) => sum + part.share, 0)).toBeCloseTo(1);
  });
});

describe('what is said', () => {
  it('names what gives way', () => {
    const tight = fit({ verdict: 'tight', gives_way: ['kept_prompts', 'other_models'] });
    expect(fitTone(tight)).toBe('warn');
    expect(fitReasons(tight)).toHaveLength(2);
  });

  it('has both numbers where it does not fit', () => {
    const [reason] = fitReasons(fit({ verdict: 'does_not_fit', least_bytes: 30 * GB }));
    expect(reason).toContain('30 GB');
    expect(reason).toContain('20 GB');
  });

  it('says for what it is reckoned', () => {
    expect(fitUse(fit())).toBe('4 requests of 8,192 tokens each');
    expect(fitUse(fit({ concurrency: 1 }))).toBe('1 request of 8,192 tokens');
  });
});

describe('estimateOf', () => {
  it('is the size against the budget', () => {
    const model = { size_bytes: 4 * GB, quantization: '4-bit' };
    expect(estimateOf(model, machine())).toEqual({ tone: 'neutral', text: 'about 4 GB of 20 GB' });
  });

  it('counts half precision twice where it is widened', () => {
    const model = { size_bytes: 12 * GB, quantization: 'bf16' };
    expect(estimateOf(model, machine({ widens_half: true }))).toEqual({
      tone: 'fail',
      text: 'about 24 GB, more than 20 GB'
    });
    expect(estimateOf(model, machine())?.tone).toBe('neutral');
  });

  it('is nothing where the size or the machine is not known', () => {
    expect(estimateOf({ size_bytes: null, quantization: null }, machine())).toBeNull();
    expect(estimateOf({ size_bytes: 1, quantization: null }, null)).toBeNull();
  });
});
