export default {
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['test/**/*.spec.ts'],
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
};
