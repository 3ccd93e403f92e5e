/** What this installation is, and what its doctor finds. */
import { ask, manager } from '$lib/api/client';
import type { components } from '$lib/api/manager';
import { pagesLicences, type Licence } from '$lib/services/licences';
import { Resource } from './resource.svelte';

export type About = components['schemas']['AboutView'];
export type DoctorReport = components['schemas']['DoctorReport'];
export type DoctorFinding = components['schemas']['DoctorFinding'];

class AboutStore {
  installation = new Resource<About>(() => ask(manager.GET('/api/v1/about')), 'about');
  /** Of the pages themselves. */
  pages = new Resource<Licence[]>(pagesLicences);
  /** Where there is no report yet, asking for it makes one. For administrators. */
  doctor = new Resource<DoctorReport>(() => ask(manager.GET('/api/v1/about/doctor')), 'doctor');
  /** When the examination began that is under way. */
  examinedSince = $state.raw<Date | null>(null);

  async readReport(): Promise<void> {
    await this.#examining(() => this.doctor.refresh());
  }

  /** Look anew; throws `Fault`. */
  async examine(): Promise<void> {
    await this.#examining(async () => this.doctor.set(await ask(manager.POST('/api/v1/about/doctor'))));
  }

  async #examining(work: () => Promise<void>): Promise<void> {
    if (this.examinedSince !== null) return;
    this.examinedSince = new Date();
    try {
      await work();
    } finally {
      this.examinedSince = null;
    }
  }
}

export const about = new AboutStore();
