import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AddTask, ChangeTask, ReadProjects } from '@tenantry/application';
import type { ProjectId } from '@tenantry/domain';
import type { FastifyReply } from 'fastify';
import { Returns } from '../http/returns.ts';
import { id, paged } from '../http/schemas.ts';
import { ForTenants } from '../tenancy/access.ts';
import {
  newTask,
  type NewTaskBody,
  taskChanges,
  type TaskChangesBody,
  taskNumber,
  taskPage,
  taskQuery,
  type TaskQueryString,
  taskView,
  viewOf,
} from './tasks.schema.ts';

const projectId = { schema: id<'Project'>() };
const number = { schema: taskNumber };

/** Tasks are called by their number in the project. */
@ApiTags('tasks')
@ForTenants()
@Controller('projects/:id/tasks')
export class TasksController {
  constructor(
    private readonly read: ReadProjects,
    private readonly addTask: AddTask,
    private readonly changeTask: ChangeTask,
  ) {}

  @Get()
  @Returns(taskPage)
  async list(
    @Param('id', projectId) id: ProjectId,
    @Query({ schema: taskQuery }) query: TaskQueryString,
  ): Promise<object> {
    return paged(await this.read.tasks(id, query), viewOf);
  }

  @Post()
  @Returns(taskView, 201)
  async add(
    @Param('id', projectId) id: ProjectId,
    @Body({ schema: newTask }) body: NewTaskBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const task = await this.addTask.run(id, body);
    reply.header('location', `/projects/${id}/tasks/${task.number}`);
    return viewOf(task);
  }

  @Get(':number')
  @Returns(taskView)
  async one(
    @Param('id', projectId) id: ProjectId,
    @Param('number', number) number: number,
  ): Promise<object> {
    return viewOf(await this.read.task(id, number));
  }

  @Patch(':number')
  @Returns(taskView)
  async change(
    @Param('id', projectId) id: ProjectId,
    @Param('number', number) number: number,
    @Body({ schema: taskChanges }) body: TaskChangesBody,
  ): Promise<object> {
    return viewOf(await this.changeTask.run(id, number, body));
  }
}
