import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { IsEmail } from 'class-validator';
import { LoginService } from './login.service.js';

class LoginDto {
  @IsEmail()
  email!: string;
}

@Controller('login')
export class LoginController {
  constructor(@Inject(LoginService) private readonly logins: LoginService) {}

  @Post()
  @HttpCode(204)
  async login(@Body() { email }: LoginDto): Promise<void> {
    await this.logins.login(email);
  }
}
