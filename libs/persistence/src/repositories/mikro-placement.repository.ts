import type { Placement, PlacementRepository } from '@tenantry/domain';
import { BaseRepository } from './base.repository.ts';

export class MikroPlacementRepository
  extends BaseRepository<Placement>
  implements PlacementRepository
{
  async getShared(): Promise<Placement> {
    return this.found(await this.findOne({ isolation: 'shared' }));
  }
}
