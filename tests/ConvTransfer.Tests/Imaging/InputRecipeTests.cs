using ConvTransfer.Core;
using ConvTransfer.Imaging;

namespace ConvTransfer.Tests.Imaging;

public sealed class InputRecipeTests
{
    public static TheoryData<string> Texts => ["torchvision", "keras-tf", "keras-caffe:128", "keras-torch:160:nhwc", "caffe:227", "torchvision:299:nhwc"];

    [Theory]
    [MemberData(nameof(Texts))]
    public void ANamedRecipeSurvivesJson(string text)
    {
        var recipe = InputRecipe.FromNameOrFile(text);
        string json = recipe.ToJson();
        Assert.Equal(recipe, InputRecipe.FromJson(json));
        Assert.Equal(json, InputRecipe.FromJson(json).ToJson());
    }

    [Fact]
    public void OneChannelSurvivesJson()
    {
        var recipe = new InputRecipe { Channels = 1, Mean = [0.1307], Std = [0.3081], Scale = 1.0 / 255, Filter = ResizeFilter.Cubic, Resize = new ResizeRule.Exact(new PixelSize(28, 30)) };
        Assert.Equal(recipe, InputRecipe.FromJson(recipe.ToJson()));
        Assert.Equal(new PixelSize(28, 30), recipe.FixedSize);
    }

    // The figures of the tools' own documentation.
    [Fact]
    public void PresetsNormaliseAsTheirToolsDo()
    {
        AssertLevels(InputRecipe.Torchvision(), 128, (0.50196078 - 0.485) / 0.229, (0.50196078 - 0.456) / 0.224, (0.50196078 - 0.406) / 0.225);
        AssertLevels(InputRecipe.KerasTorch(), 255, (1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225);
        AssertLevels(InputRecipe.KerasTf(), 255, 1, 1, 1);
        AssertLevels(InputRecipe.KerasTf(), 0, -1, -1, -1);
        AssertLevels(InputRecipe.KerasCaffe(), 200, 200 - 103.939, 200 - 116.779, 200 - 123.68);
        AssertLevels(InputRecipe.Caffe(224, 256, 0, 0, 0), 77, 77, 77, 77);
        AssertLevels(InputRecipe.Caffe(), 200, 96, 83, 77);
        Assert.Equal(ChannelOrder.Bgr, InputRecipe.Caffe().ChannelOrder);
        Assert.Equal(ChannelOrder.Bgr, InputRecipe.KerasCaffe().ChannelOrder);
    }

    [Theory]
    [InlineData(500, 375, 341, 256)]
    [InlineData(123, 77, 408, 256)]
    [InlineData(300, 301, 256, 256)]
    [InlineData(1, 1000, 256, 256000)]
    public void TheLongerSideIsRoundedDown(int height, int width, int newHeight, int newWidth) =>
        Assert.Equal(new PixelSize(newHeight, newWidth), new ResizeRule.ShorterSide(256).Apply(new PixelSize(height, width)));

    [Theory]
    [InlineData("[]", "expected an object")]
    [InlineData("{\"scale\":1", "no JSON")]
    [InlineData("{\"colour\":1}", "unknown key 'colour'")]
    [InlineData("{\"scale\":\"1\"}", "'scale'")]
    [InlineData("{\"scale\":1,\"scale\":2}", "twice")]
    [InlineData("{\"filter\":\"lanczos\"}", "linear, cubic")]
    [InlineData("{\"resize\":{\"shorterSide\":10,\"height\":3}}", "one or the other")]
    [InlineData("{\"resize\":{\"height\":3}}", "lacks the key 'width'")]
    [InlineData("{\"resize\":{\"shorterSide\":100},\"crop\":{\"height\":101,\"width\":10}}", "larger than the shorter side")]
    [InlineData("{\"mean\":[1,2]}", "2 numbers for 3")]
    [InlineData("{\"std\":[1,0,1]}", "above 0")]
    [InlineData("{\"channels\":4}", "1 or 3")]
    [InlineData("{\"resize\":{\"shorterSide\":0}}", "between")]
    [InlineData("{\"scale\":1e999}", "scale")]
    [InlineData("{\"filter\":\"\\ud800\"}", "no JSON")]
    public void AContradictoryRecipeIsRefused(string json, string words)
    {
        var fault = Assert.Throws<ConvTransferException>(() => InputRecipe.FromJson(json, "recipe.json"));
        Assert.Equal(FailureCause.DataInvalid, fault.Cause);
        Assert.Equal("recipe.json", fault.File);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("torchvison", "neither the name")]
    [InlineData("caffe:big", "neither a size")]
    [InlineData("caffe:40000", "between")]
    [InlineData("caffe:2147483647", "between")]
    [InlineData("caffe:32768", "between")]
    public void AWrongNameIsRefused(string text, string words) =>
        Assert.Contains(words, Assert.Throws<ConvTransferException>(() => InputRecipe.FromNameOrFile(text)).Message, StringComparison.Ordinal);

    private static void AssertLevels(InputRecipe recipe, int level, params double[] expected)
    {
        for (int c = 0; c < 3; c++) Assert.Equal(expected[c], ((double)level * recipe.Multiplier[c]) + recipe.Offset[c], 1e-4 * Math.Max(1, Math.Abs(expected[c])));
    }
}
