using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class ReleaseNumbers : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_secret_claims_ClaimedAt",
                table: "secret_claims");

            migrationBuilder.RenameColumn(
                name: "SecretsArmedAt",
                table: "machines",
                newName: "SecretsArmed");

            migrationBuilder.AddColumn<long>(
                name: "ClaimedAfter",
                table: "secret_claims",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "Number",
                table: "secret_claims",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "SecretsSpent",
                table: "machines",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_secret_claims_ClaimedAfter",
                table: "secret_claims",
                column: "ClaimedAfter");

            migrationBuilder.Sql(TakeTimesAsNumbers);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_secret_claims_ClaimedAfter",
                table: "secret_claims");

            migrationBuilder.DropColumn(
                name: "ClaimedAfter",
                table: "secret_claims");

            migrationBuilder.DropColumn(
                name: "Number",
                table: "secret_claims");

            migrationBuilder.DropColumn(
                name: "SecretsSpent",
                table: "machines");

            migrationBuilder.RenameColumn(
                name: "SecretsArmed",
                table: "machines",
                newName: "SecretsArmedAt");

            migrationBuilder.CreateIndex(
                name: "IX_secret_claims_ClaimedAt",
                table: "secret_claims",
                column: "ClaimedAt");
        }
    }
}
