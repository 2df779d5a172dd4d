// Everything that logins ask of the store.
import { systemStatement, tenantStatement } from '../../store/statement.ts';

/** Told when what a token stands for may have changed: logouts, accounts switched off, other roles. */
export const LOGINS_TOPIC = 'logins';

export interface UserRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly password_hash: string;
  /** JSON lists of texts. */
  readonly roles: string;
  readonly permissions: string;
  readonly enabled: number;
  readonly created_at: number;
}

export interface LoginRow extends UserRow {
  readonly login_id: string;
  readonly token_hash: string;
  readonly expires_at: number;
  readonly revoked_at: number | null;
}

export interface InvitationRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly email: string;
  readonly roles: string;
  readonly permissions: string;
  readonly expires_at: number;
  readonly accepted_at: number | null;
}

const USER =
  'u.tenant_id, u.id, u.email, u.name, u.password_hash, u.roles, u.permissions, u.enabled, u.created_at';

/** Before the tenant is known, by the one thing that the person gave. */
export const userByEmail = systemStatement<UserRow>(
  'login.user_by_email',
  `SELECT ${USER} FROM users u WHERE u.email = :email`,
);

export const allUsers = systemStatement<UserRow>(
  'login.all_users',
  `SELECT ${USER} FROM users u ORDER BY u.email LIMIT 10000`,
);

export const loginById = systemStatement<LoginRow>(
  'login.login_by_id',
  `SELECT ${USER}, l.id AS login_id, l.token_hash, l.expires_at, l.revoked_at
   FROM user_logins l JOIN users u ON u.tenant_id = l.tenant_id AND u.id = l.user_id WHERE l.id = :login`,
);

export const invitationByHash = systemStatement<InvitationRow>(
  'login.invitation_by_hash',
  `SELECT tenant_id, id, email, roles, permissions, expires_at, accepted_at
   FROM invitations WHERE token_hash = :hash`,
);

export const insertUser = tenantStatement(
  'login.insert_user',
  `INSERT INTO users (tenant_id, id, email, name, password_hash, roles, permissions, enabled, created_by, created_at, updated_at)
   VALUES (:tenant, :id, :email, :name, :password, :roles, :permissions, 1, :by, :now, :now)`,
);

export const setUserEnabled = tenantStatement(
  'login.set_user_enabled',
  'UPDATE users SET enabled = :enabled, updated_at = :now WHERE tenant_id = :tenant AND id = :id',
);

export const setUserPassword = tenantStatement(
  'login.set_user_password',
  'UPDATE users SET password_hash = :password, updated_at = :now WHERE tenant_id = :tenant AND id = :id',
);

export const insertLogin = tenantStatement(
  'login.insert_login',
  `INSERT INTO user_logins (tenant_id, id, user_id, token_hash, created_at, expires_at)
   VALUES (:tenant, :id, :user, :hash, :now, :expires)`,
);

/** Changes nothing when another request was faster, or the login has ended. */
export const rotateLogin = tenantStatement(
  'login.rotate_login',
  `UPDATE user_logins SET token_hash = :next, expires_at = :expires
   WHERE tenant_id = :tenant AND id = :id AND token_hash = :hash AND revoked_at IS NULL`,
);

export const revokeLogin = tenantStatement(
  'login.revoke_login',
  'UPDATE user_logins SET revoked_at = :now WHERE tenant_id = :tenant AND id = :id AND revoked_at IS NULL',
);

export const revokeLoginsOfUser = tenantStatement(
  'login.revoke_logins_of_user',
  'UPDATE user_logins SET revoked_at = :now WHERE tenant_id = :tenant AND user_id = :user AND revoked_at IS NULL',
);

/** What nobody can use any more; rides on each new login, so that the table does not grow. */
export const deleteOldLogins = tenantStatement(
  'login.delete_old_logins',
  'DELETE FROM user_logins WHERE tenant_id = :tenant AND expires_at < :before',
);

export const insertInvitation = tenantStatement(
  'login.insert_invitation',
  `INSERT INTO invitations (tenant_id, id, token_hash, email, roles, permissions, created_by, created_at, expires_at)
   VALUES (:tenant, :id, :hash, :email, :roles, :permissions, :by, :now, :expires)`,
);

/** Changes nothing when it was accepted before. */
export const acceptInvitation = tenantStatement(
  'login.accept_invitation',
  'UPDATE invitations SET accepted_at = :now WHERE tenant_id = :tenant AND id = :id AND accepted_at IS NULL',
);

export interface AttemptRow {
  readonly failures: number;
  readonly locked_until: number;
}

/**
 * Counts an attempt before the password is looked at, so that many at once are no more than the limit; a row that
 * says locked is left as it is.
 */
export const countAttempt = systemStatement<AttemptRow>(
  'login.count_attempt',
  `INSERT INTO login_attempts (subject, failures, since, locked_until) VALUES (:subject, 1, :now, 0)
   ON CONFLICT (subject) DO UPDATE SET
     failures = CASE WHEN login_attempts.locked_until > :now THEN login_attempts.failures
                     WHEN login_attempts.since <= :oldest OR login_attempts.locked_until > 0 THEN 1
                     ELSE login_attempts.failures + 1 END,
     since = CASE WHEN login_attempts.locked_until > :now THEN login_attempts.since
                  WHEN login_attempts.since <= :oldest OR login_attempts.locked_until > 0 THEN :now
                  ELSE login_attempts.since END,
     locked_until = CASE WHEN login_attempts.locked_until > :now THEN login_attempts.locked_until ELSE 0 END
   RETURNING failures, locked_until`,
);

export const lockSubject = systemStatement(
  'login.lock_subject',
  'UPDATE login_attempts SET locked_until = :until WHERE subject = :subject AND locked_until = 0 AND failures >= :most',
);

export const forgetAttempts = systemStatement(
  'login.forget_attempts',
  'DELETE FROM login_attempts WHERE subject = :subject',
);

export const deleteOldAttempts = systemStatement(
  'login.delete_old_attempts',
  'DELETE FROM login_attempts WHERE since < :before AND locked_until < :now',
);
