import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';

/** Whether all parts of this process have been started. */
@Injectable()
export class Startup implements OnApplicationBootstrap {
  private hasStarted = false;

  onApplicationBootstrap(): void {
    this.hasStarted = true;
  }

  get isComplete(): boolean {
    return this.hasStarted;
  }
}
