using ConvTransfer.Core;
using ConvTransfer.Runtime.Caching;

namespace ConvTransfer.Tests.Runtime;

public sealed class ActivationScopeTests
{
    private static readonly ContentHash Network = ContentHash.Of([1]), Picture = ContentHash.Of([2]);

    // Every part is changed by itself; no two keys may meet.
    [Fact]
    public void EveryPartOfTheKeyCounts()
    {
        var scope = new ActivationScope(Network, "recipe", "set", "kernels");
        ActivationKey[] keys =
        [
            scope.Key(Picture), scope.Key(Picture, 0), scope.Key(Picture, 1), scope.Key(Picture, 0, 0), scope.Key(Picture, 0, 1), scope.Key(Picture, 1, 0), scope.Key(Picture, 1L << 32), scope.Key(ContentHash.Of([3])),
            new ActivationScope(ContentHash.Of([3]), "recipe", "set", "kernels").Key(Picture),
            new ActivationScope(Network, "recipe ", "set", "kernels").Key(Picture),
            new ActivationScope(Network, "recipe", "other", "kernels").Key(Picture),
            new ActivationScope(Network, "recipe", "set", "other").Key(Picture),
            // Texts do not run into one another.
            new ActivationScope(Network, "recip", "eset", "kernels").Key(Picture),
            new ActivationScope(Network, "recipe", "se", "tkernels").Key(Picture),
        ];
        Assert.Equal(keys.Length, keys.Select(k => k.Entry).Distinct().Count());
        Assert.Equal(scope.Key(Picture, 4, 5), new ActivationScope(Network, "recipe", "set", "kernels").Key(Picture, 4, 5));
    }

    [Fact]
    public void EqualModelsHaveEqualScopes()
    {
        var model = SmallNetworks.ConvolutionAsClassifier;
        var scope = new ActivationScope(model, ["stem"], "recipe");
        Assert.Equal(scope.Hash, new ActivationScope(SmallNetworks.ConvolutionAsClassifier, ["stem"], "recipe").Hash);
        Assert.NotEqual(scope.Hash, new ActivationScope(model, ["block"], "recipe").Hash);
        Assert.NotEqual(scope.Hash, new ActivationScope(model, null, "recipe").Hash);
        Assert.NotEqual(scope.Hash, new ActivationScope(model, ["stem"], "another").Hash);
    }

    [Fact]
    public void AHashIsThatOfTheStandard()
    {
        // FIPS 180-4's example.
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ContentHash.Of("abc"u8).ToString());
        byte[] bytes = new byte[ContentHash.Length];
        Picture.CopyTo(bytes);
        Assert.Equal(Picture, new ContentHash(bytes));
        Assert.Throws<ArgumentException>(() => new ContentHash(bytes.AsSpan(1)));
    }
}
