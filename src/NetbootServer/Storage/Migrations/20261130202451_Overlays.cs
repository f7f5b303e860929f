using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Overlays : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "SecretsArmedAt",
                table: "machines",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "SecretsSpentAt",
                table: "machines",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "InitrdLayouts",
                table: "image_versions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "secret_claims",
                columns: table => new
                {
                    BootId = table.Column<string>(type: "TEXT", nullable: false),
                    MachineId = table.Column<long>(type: "INTEGER", nullable: false),
                    Address = table.Column<string>(type: "TEXT", nullable: false),
                    ClaimedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Fetches = table.Column<int>(type: "INTEGER", nullable: false),
                    Spent = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_secret_claims", x => x.BootId);
                    table.ForeignKey(
                        name: "FK_secret_claims_machines_MachineId",
                        column: x => x.MachineId,
                        principalTable: "machines",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_secret_claims_ClaimedAt",
                table: "secret_claims",
                column: "ClaimedAt");

            migrationBuilder.CreateIndex(
                name: "IX_secret_claims_MachineId",
                table: "secret_claims",
                column: "MachineId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "secret_claims");

            migrationBuilder.DropColumn(
                name: "SecretsArmedAt",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "SecretsSpentAt",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "InitrdLayouts",
                table: "image_versions");
        }
    }
}
