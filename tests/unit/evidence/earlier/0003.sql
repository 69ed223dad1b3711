BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE change (
	"key" INTEGER NOT NULL, 
	run_key INTEGER NOT NULL, 
	host TEXT NOT NULL, 
	role TEXT NOT NULL, 
	task TEXT NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	message TEXT NOT NULL, 
	CONSTRAINT pk_change PRIMARY KEY ("key"), 
	CONSTRAINT fk_change_run_key FOREIGN KEY(run_key) REFERENCES run ("key")
);
INSERT INTO "change" VALUES(1,1,'web1','ssh','Write','changed','');
CREATE TABLE control (
	"key" INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	why TEXT NOT NULL, 
	severity VARCHAR(20) NOT NULL, 
	role TEXT NOT NULL, 
	level INTEGER NOT NULL, 
	risk VARCHAR(20) NOT NULL, 
	"references" JSON NOT NULL, 
	CONSTRAINT pk_control PRIMARY KEY ("key"), 
	CONSTRAINT uq_control_digest UNIQUE (digest)
);
INSERT INTO "control" VALUES(1,'655e1175bb43b09ee2b773210d2fca9f17e6a90ef135a7cf6d0e7a88c318e1e5','ssh-no-root','Root cannot log in over SSH','A shared name hides who acted.','high','ssh',0,'none','{"nist-800-53r5": ["AC-6"]}');
INSERT INTO "control" VALUES(2,'38aef94730bb5e30f552f28c94dd99e597f4a175a0844ab53dcf0627c6e51918','ssh-grace','Dropped','','low','ssh',0,'none','{}');
INSERT INTO "control" VALUES(3,'6494b33f223bb4364192da2568f7bffeba18dc6caf15571ac7fb0d840bd9096e','ssh-no-root','Root cannot log in over SSH','A shared name hides who acted.','high','ssh',1,'lockout-or-outage','{"nist-800-53r5": ["AC-6"]}');
INSERT INTO "control" VALUES(4,'5f8672308087881090e1c9a1d939ea6a13f2d7a3ae178bdbafb6b250c462f60a','own-greeting','A greeting','','low','own',0,'none','{}');
CREATE TABLE finding (
	"key" INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	control TEXT NOT NULL, 
	verdict VARCHAR(20) NOT NULL, 
	observed TEXT NOT NULL, 
	expected TEXT NOT NULL, 
	reason TEXT NOT NULL, by_hand TEXT DEFAULT '' NOT NULL, by_apply BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_finding PRIMARY KEY ("key"), 
	CONSTRAINT uq_finding_digest UNIQUE (digest)
);
INSERT INTO "finding" VALUES(1,'591564b7e7e583311f508be36b98afa41c2aebf7a7e7b3ddf69cd0f04c6657f1','ssh-no-root','fail','yes','no','assert ''yes'' == ''no''','PermitRootLogin in /etc/ssh/sshd_config:3 is in a Match block.',1);
INSERT INTO "finding" VALUES(2,'7745c7642635b33af86a7e56e5341b69d95d65c6ff6f0528bfbc25e599d6b411','ssh-grace','pass','60','60','','',1);
INSERT INTO "finding" VALUES(3,'25b016c4faf710f898b0217bc5cf96640323e0cfa5c71f6899a6976f3695a9cc','ssh-no-root','unreachable','','','web2 cannot be reached at 192.0.2.2 port 22: connection refused. Is the host up?','',1);
INSERT INTO "finding" VALUES(4,'d407b46be286202c0d79f8df534addef1316a863a3308f72dd9df6675d1634e1','ssh-grace','unreachable','','','web2 cannot be reached at 192.0.2.2 port 22: connection refused. Is the host up?','',1);
INSERT INTO "finding" VALUES(5,'88c59fd73bcf6322d4e396d895b34c6b12d1424acbbd36fd04dc1d20faaa6f99','ssh-no-root','pass','no','no','','',1);
INSERT INTO "finding" VALUES(6,'b64547520b4a493cbcbe464b1672d3e23491010e9f0f50e2867648719fd9d477','own-greeting','fail','café','none','','This is a test without a role.',0);
CREATE TABLE finding_observation (
	finding_key INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	observation_key INTEGER NOT NULL, 
	CONSTRAINT pk_finding_observation PRIMARY KEY (finding_key, seq), 
	CONSTRAINT fk_finding_observation_finding_key FOREIGN KEY(finding_key) REFERENCES finding ("key"), 
	CONSTRAINT fk_finding_observation_observation_key FOREIGN KEY(observation_key) REFERENCES observation ("key")
)
 WITHOUT ROWID

;
INSERT INTO "finding_observation" VALUES(1,0,1);
INSERT INTO "finding_observation" VALUES(2,0,1);
INSERT INTO "finding_observation" VALUES(5,0,2);
INSERT INTO "finding_observation" VALUES(6,0,2);
INSERT INTO "finding_observation" VALUES(6,1,3);
CREATE TABLE "member" (
	"key" INTEGER NOT NULL, 
	run_key INTEGER NOT NULL, 
	host TEXT NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	reason TEXT NOT NULL, 
	sheet_key INTEGER, 
	timing BLOB, 
	cause TEXT DEFAULT '' NOT NULL, 
	selection_key INTEGER, 
	CONSTRAINT pk_member PRIMARY KEY ("key"), 
	CONSTRAINT fk_member_sheet_key FOREIGN KEY(sheet_key) REFERENCES sheet ("key"), 
	CONSTRAINT uq_member_run_key_host UNIQUE (run_key, host), 
	CONSTRAINT fk_member_run_key FOREIGN KEY(run_key) REFERENCES run ("key"), 
	CONSTRAINT fk_member_selection_key FOREIGN KEY(selection_key) REFERENCES selection ("key")
);
INSERT INTO "member" VALUES(1,1,'web1','tested','',1,X'78DAAB564A4F2C2856B28A3634B73435353234338082581DA592C4ECD43CA09491295420392335393B350528041631D081CAD4020090B5123B','',NULL);
INSERT INTO "member" VALUES(2,1,'web2','unreachable','web2 cannot be reached at 192.0.2.2 port 22: connection refused. Is the host up?',2,X'78DAAB564A4F2C2856B28A8ED5512A49CC4ECD833093335293B35353801C031D83D85A00EE9C0C04','',NULL);
INSERT INTO "member" VALUES(3,1,'old','excluded','it declares no profile',NULL,NULL,'',NULL);
INSERT INTO "member" VALUES(4,2,'web1','tested','',3,X'78DAAB564A4F2C2856B28A3634B734353136353280021D73531015ABA35492989D9A0754610416D0019320F1E48CD4E4ECD414905E880E88DED85A007C0914DB','',NULL);
INSERT INTO "member" VALUES(5,2,'web2','unreachable','web2 is gone',NULL,NULL,'The host is gone',1);
CREATE TABLE observation (
	"key" INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	command TEXT NOT NULL, 
	rc INTEGER NOT NULL, 
	stdout BLOB NOT NULL, 
	stderr BLOB NOT NULL, 
	truncated BOOLEAN NOT NULL, 
	native BOOLEAN NOT NULL, 
	CONSTRAINT pk_observation PRIMARY KEY ("key"), 
	CONSTRAINT uq_observation_digest UNIQUE (digest)
);
INSERT INTO "observation" VALUES(1,'63d51be0ef07690eb6c41c33144a16fd913b887bffc827120b4fc365cbe50185','sshd -T',0,X'7065726D6974726F6F746C6F67696E207965730A',X'',0,0);
INSERT INTO "observation" VALUES(2,'fd391bb9db285a4f234353d24500ed60d6d8a8e6549ff762bc5004f2518c605f','cat /etc/motd',1,X'FF0020636166C3A90A',X'64656E6965640A',1,1);
INSERT INTO "observation" VALUES(3,'dbecddbb0614378e8cd3ecfc539efa0e60fdf92cf00a41f1d09c64577690940a','cat /etc/motd',0,X'',X'',0,0);
CREATE TABLE run (
	"key" INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	verb VARCHAR(20) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	exit_code INTEGER, 
	operator TEXT NOT NULL, 
	control_node TEXT NOT NULL, 
	command TEXT NOT NULL, 
	version TEXT NOT NULL, 
	inventory_digest TEXT NOT NULL, 
	content_digest TEXT NOT NULL, 
	profiles JSON NOT NULL, 
	parent VARCHAR(32), 
	owner_node TEXT NOT NULL, 
	owner_boot TEXT NOT NULL, 
	owner_pid INTEGER NOT NULL, 
	owner_started BIGINT NOT NULL, 
	CONSTRAINT pk_run PRIMARY KEY ("key"), 
	CONSTRAINT fk_run_parent FOREIGN KEY(parent) REFERENCES run (id), 
	CONSTRAINT uq_run_id UNIQUE (id)
);
INSERT INTO "run" VALUES(1,'20261124-120000-0001','verify','complete','2026-11-24 12:00:00.000000','2026-11-24 12:00:05.000000',4,'admin','desk','opsharden verify','0.1.0','','','["baseline-1"]',NULL,'desk','00000000-0000-0000-0000-000000000000',1,1);
INSERT INTO "run" VALUES(2,'20261123-120000-0001','verify','complete','2026-11-23 12:00:00.000000','2026-11-23 12:00:05.000000',4,'admin','desk','opsharden verify','0.1.0','','','["baseline-1"]',NULL,'desk','00000000-0000-0000-0000-000000000000',1,1);
CREATE TABLE run_control (
	run_key INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	control_key INTEGER NOT NULL, 
	CONSTRAINT pk_run_control PRIMARY KEY (run_key, seq), 
	CONSTRAINT fk_run_control_control_key FOREIGN KEY(control_key) REFERENCES control ("key"), 
	CONSTRAINT fk_run_control_run_key FOREIGN KEY(run_key) REFERENCES run ("key")
)
 WITHOUT ROWID

;
INSERT INTO "run_control" VALUES(1,0,1);
INSERT INTO "run_control" VALUES(1,1,2);
INSERT INTO "run_control" VALUES(2,0,3);
INSERT INTO "run_control" VALUES(2,1,4);
CREATE TABLE selection (
	"key" INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	controls JSON NOT NULL, 
	CONSTRAINT pk_selection PRIMARY KEY ("key"), 
	CONSTRAINT uq_selection_digest UNIQUE (digest)
);
INSERT INTO "selection" VALUES(1,'9c36c713102c286dd65715c3cbfebd0c1ba193b186daa8aa9aed02c79b3ae357','["ssh-no-root", "own-greeting"]');
CREATE TABLE sheet (
	"key" INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_sheet PRIMARY KEY ("key"), 
	CONSTRAINT uq_sheet_digest UNIQUE (digest)
);
INSERT INTO "sheet" VALUES(1,'1dcbed7603a1c33718b6c936546ab3d74c58bb7963d7cad5e4f0268782bb3499');
INSERT INTO "sheet" VALUES(2,'94310a7ca07c32d0407b448536aab266c654cc749e3364b5e4a7b6367687d1fb');
INSERT INTO "sheet" VALUES(3,'77e2f8942431c13a4a06c37a974d734b9e443f17635d2e86133e3201112eb71c');
CREATE TABLE sheet_finding (
	sheet_key INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	finding_key INTEGER NOT NULL, 
	CONSTRAINT pk_sheet_finding PRIMARY KEY (sheet_key, seq), 
	CONSTRAINT fk_sheet_finding_finding_key FOREIGN KEY(finding_key) REFERENCES finding ("key"), 
	CONSTRAINT fk_sheet_finding_sheet_key FOREIGN KEY(sheet_key) REFERENCES sheet ("key")
)
 WITHOUT ROWID

;
INSERT INTO "sheet_finding" VALUES(1,0,1);
INSERT INTO "sheet_finding" VALUES(1,1,2);
INSERT INTO "sheet_finding" VALUES(2,0,3);
INSERT INTO "sheet_finding" VALUES(2,1,4);
INSERT INTO "sheet_finding" VALUES(3,0,5);
INSERT INTO "sheet_finding" VALUES(3,1,6);
CREATE TABLE sheet_observation (
	sheet_key INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	observation_key INTEGER NOT NULL, 
	peer TEXT NOT NULL, 
	CONSTRAINT pk_sheet_observation PRIMARY KEY (sheet_key, seq), 
	CONSTRAINT fk_sheet_observation_observation_key FOREIGN KEY(observation_key) REFERENCES observation ("key"), 
	CONSTRAINT fk_sheet_observation_sheet_key FOREIGN KEY(sheet_key) REFERENCES sheet ("key")
)
 WITHOUT ROWID

;
INSERT INTO "sheet_observation" VALUES(1,0,1,'');
INSERT INTO "sheet_observation" VALUES(3,0,2,'');
INSERT INTO "sheet_observation" VALUES(3,1,3,'hub');
CREATE INDEX ix_control_id ON control (id);
CREATE INDEX ix_finding_control ON finding (control);
CREATE INDEX ix_run_started_at ON run (started_at);
CREATE INDEX ix_run_state ON run (state);
CREATE INDEX ix_change_run_key ON change (run_key);
COMMIT;
