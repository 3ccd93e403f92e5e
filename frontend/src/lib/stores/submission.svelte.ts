/** Something that is sent once at a time: whether it is on its way, and why it was refused last. */
import { asFault, type Fault } from '$lib/api/fault';

export class Submission {
  isBusy = $state(false);
  fault = $state.raw<Fault | null>(null);

  /** Do it, unless it is being done. What it throws becomes `fault`. */
  async run(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.fault = null;
    try {
      await work();
    } catch (thrown) {
      this.fault = asFault(thrown);
    } finally {
      this.isBusy = false;
    }
  }
}
