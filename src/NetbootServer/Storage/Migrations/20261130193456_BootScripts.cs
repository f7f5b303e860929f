using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class BootScripts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Script",
                table: "boots",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "boot_scripts",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    Reason = table.Column<string>(type: "TEXT", nullable: false),
                    Text = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_boot_scripts", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_boots_Script",
                table: "boots",
                column: "Script");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "boot_scripts");

            migrationBuilder.DropIndex(
                name: "IX_boots_Script",
                table: "boots");

            migrationBuilder.DropColumn(
                name: "Script",
                table: "boots");
        }
    }
}
