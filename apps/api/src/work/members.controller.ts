import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  AddMember,
  MemberQueries,
  ReadMembers,
  RemoveMember,
  RenameMember,
} from '@tenantry/application';
import type { Member, MemberId } from '@tenantry/domain';
import type { FastifyReply } from 'fastify';
import { Returns } from '../http/returns.ts';
import { id, paged } from '../http/schemas.ts';
import { ForTenants } from '../tenancy/access.ts';
import {
  type MemberChanges,
  memberChanges,
  memberPage,
  type MemberQuery,
  memberQuery,
  memberView,
  newMember,
  type NewMemberBody,
} from './members.schema.ts';

const memberId = { schema: id<'Member'>() };

@ApiTags('members')
@ForTenants()
@Controller('members')
export class MembersController {
  constructor(
    private readonly queries: MemberQueries,
    private readonly read: ReadMembers,
    private readonly addMember: AddMember,
    private readonly renameMember: RenameMember,
    private readonly removeMember: RemoveMember,
  ) {}

  @Get()
  @Returns(memberPage)
  async list(@Query({ schema: memberQuery }) query: MemberQuery): Promise<object> {
    return paged(await this.queries.page(query));
  }

  @Post()
  @Returns(memberView, 201)
  async add(
    @Body({ schema: newMember }) body: NewMemberBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Member> {
    const member = await this.addMember.run(body);
    reply.header('location', `/members/${member.id}`);
    return member;
  }

  @Get(':id')
  @Returns(memberView)
  one(@Param('id', memberId) id: MemberId): Promise<Member> {
    return this.read.one(id);
  }

  @Patch(':id')
  @Returns(memberView)
  rename(
    @Param('id', memberId) id: MemberId,
    @Body({ schema: memberChanges }) { name }: MemberChanges,
  ): Promise<Member> {
    return this.renameMember.run(id, name);
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Param('id', memberId) id: MemberId): Promise<void> {
    return this.removeMember.run(id);
  }
}
