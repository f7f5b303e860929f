using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class PinsHoldsIdentityChanges : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "IdentityChanges",
                table: "machines",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Version",
                table: "machines",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "HeldAt",
                table: "images",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "HeldBy",
                table: "images",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "HoldReason",
                table: "images",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_machines_Version",
                table: "machines",
                column: "Version");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_machines_Version",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "IdentityChanges",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "Version",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "HeldAt",
                table: "images");

            migrationBuilder.DropColumn(
                name: "HeldBy",
                table: "images");

            migrationBuilder.DropColumn(
                name: "HoldReason",
                table: "images");
        }
    }
}
