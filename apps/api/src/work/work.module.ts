import { Module } from '@nestjs/common';
import {
  AddMember,
  AddTask,
  ChangeProject,
  ChangeTask,
  ReadMembers,
  ReadProjects,
  RemoveMember,
  RenameMember,
  StartProject,
  UnitOfWork,
} from '@tenantry/application';
import { MemberRepository, ProjectRepository } from '@tenantry/domain';
import { useCase } from '../use-case.ts';
import { MembersController } from './members.controller.ts';
import { ProjectsController } from './projects.controller.ts';
import { TasksController } from './tasks.controller.ts';

@Module({
  controllers: [MembersController, ProjectsController, TasksController],
  providers: [
    useCase(AddMember, UnitOfWork, MemberRepository),
    useCase(ReadMembers, UnitOfWork, MemberRepository),
    useCase(RemoveMember, UnitOfWork, MemberRepository, ProjectRepository),
    useCase(RenameMember, UnitOfWork, MemberRepository),
    useCase(AddTask, UnitOfWork, ProjectRepository, MemberRepository),
    useCase(ChangeProject, UnitOfWork, ProjectRepository),
    useCase(ChangeTask, UnitOfWork, ProjectRepository, MemberRepository),
    useCase(ReadProjects, UnitOfWork, ProjectRepository),
    useCase(StartProject, UnitOfWork, ProjectRepository),
  ],
})
export class WorkModule {}
