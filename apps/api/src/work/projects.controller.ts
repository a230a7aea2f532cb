import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { ChangeProject, ProjectQueries, ReadProjects, StartProject } from '@tenantry/application';
import type { Project, ProjectId } from '@tenantry/domain';
import type { FastifyReply } from 'fastify';
import { ExpectedVersion, setEntityTag } from '../http/entity-tag.ts';
import { Returns } from '../http/returns.ts';
import { id, paged } from '../http/schemas.ts';
import { ForTenants } from '../tenancy/access.ts';
import {
  newProject,
  type NewProjectBody,
  projectChanges,
  type ProjectChangesBody,
  projectPage,
  projectQuery,
  type ProjectQueryString,
  projectView,
} from './projects.schema.ts';

const projectId = { schema: id<'Project'>() };

@ApiTags('projects')
@ForTenants()
@Controller('projects')
export class ProjectsController {
  constructor(
    private readonly queries: ProjectQueries,
    private readonly read: ReadProjects,
    private readonly startProject: StartProject,
    private readonly changeProject: ChangeProject,
  ) {}

  @Get()
  @Returns(projectPage)
  async list(@Query({ schema: projectQuery }) query: ProjectQueryString): Promise<object> {
    return paged(await this.queries.page(query));
  }

  @Post()
  @Returns(projectView, 201)
  async start(
    @Body({ schema: newProject }) body: NewProjectBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Project> {
    const project = await this.startProject.run(body);
    reply.header('location', `/projects/${project.id}`);
    setEntityTag(reply, project.version);
    return project;
  }

  @Get(':id')
  @Returns(projectView)
  async one(
    @Param('id', projectId) id: ProjectId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Project> {
    const project = await this.read.one(id);
    setEntityTag(reply, project.version);
    return project;
  }

  @Patch(':id')
  @ApiHeader({
    name: 'if-match',
    required: false,
    description: 'the ETag that the change is meant for',
  })
  @Returns(projectView)
  async change(
    @Param('id', projectId) id: ProjectId,
    @Body({ schema: projectChanges }) body: ProjectChangesBody,
    @ExpectedVersion() expectedVersion: number | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Project> {
    const project = await this.changeProject.run(id, body, expectedVersion);
    setEntityTag(reply, project.version);
    return project;
  }
}
