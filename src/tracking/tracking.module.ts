import { Module } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { AmbientIdentity } from '../service/index.js';
import { ActionRunner } from './action-runner.js';
import { HandledCalls } from './handled-calls.js';

/** @internal What all accounts of an app share: imported by each, it exists once. */
@Module({
  providers: [
    AmbientIdentity,
    HandledCalls,
    {
      provide: ActionRunner,
      inject: [ModuleRef],
      useFactory: (modules: ModuleRef) => new ActionRunner(modules),
    },
  ],
  exports: [AmbientIdentity],
})
export class OdpTrackingModule {}
