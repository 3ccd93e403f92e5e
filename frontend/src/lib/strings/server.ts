export const server = {
  memoryParts: {
    weights: 'Weights',
    kv: 'KV caches',
    prefixes: 'Kept prompts',
    reserved: 'Reserved',
    free: 'Free'
  }
};
